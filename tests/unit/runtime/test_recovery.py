"""Recovery: the same venue from a snapshot as from everything, and no trust in what does not fit."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import msgspec
import pytest

from pricetime.adapters.memory import MemoryJournal, MemorySnapshots
from pricetime.errors import CheckFailed, JournalTampered, JournalTorn
from pricetime.ports import Batch
from pricetime.rules import Venue
from pricetime.runtime.chain import START, link_of, seal
from pricetime.runtime.check import verify_replay
from pricetime.runtime.recovery import batches_after, from_snapshot, recover
from pricetime.runtime.snapshotting import take_snapshot


class CountingVenue(Venue):
    """Counts the batches that were applied."""

    applied = 0

    def apply(self, commands: bytes) -> bytes:
        CountingVenue.applied += 1
        return super().apply(commands)


def part_of(journal: MemoryJournal, batches: int) -> MemoryJournal:
    part = MemoryJournal()
    part.batches = journal.batches[:batches]
    return part


@pytest.fixture
def snapshots(filled) -> MemorySnapshots:
    """One snapshot, of batch 6 of 10."""
    kept = MemorySnapshots()
    take_snapshot(part_of(filled, 6), kept, Venue)
    return kept


def test_an_empty_journal_gives_an_empty_venue():
    venue, last = recover(MemoryJournal(), MemorySnapshots(), Venue)
    assert (venue.sequence, last) == (0, None)


def test_recovery_ends_at_the_last_batch(filled):
    venue, last = recover(filled, None, Venue)
    assert last == filled.last()
    assert (venue.sequence, venue.event_number) == (100, filled.last().last_event)


def test_a_snapshot_gives_the_same_state_and_saves_the_batches_before_it(filled, snapshots):
    full, _ = recover(filled, None, Venue)
    CountingVenue.applied = 0
    venue, last = recover(filled, snapshots, CountingVenue)
    assert venue.state_hash() == full.state_hash()
    assert (last, CountingVenue.applied) == (filled.last(), 4)


def test_progress_tells_how_far_it_is(filled, snapshots):
    steps: list[tuple[int, int]] = []
    recover(filled, snapshots, Venue, progress=lambda done, goal: steps.append((done, goal)))
    assert steps == [(60, 100), (70, 100), (80, 100), (90, 100), (100, 100)]


def test_a_snapshot_of_another_journal_is_left_out(filled, snapshots):
    [snapshot] = snapshots.newest_first()
    snapshots.save(msgspec.structs.replace(snapshot, batch=7))
    CountingVenue.applied = 0
    recover(filled, snapshots, CountingVenue)
    assert CountingVenue.applied == 4


def test_a_snapshot_that_cannot_be_restored_is_left_out(filled, snapshots):
    [snapshot] = snapshots.newest_first()
    damaged = msgspec.structs.replace(snapshot, state=b"junk")
    alone = MemorySnapshots()
    alone.save(damaged)
    venue, _ = recover(filled, alone, Venue)
    assert venue.sequence == 100


def test_a_journal_that_has_lost_its_end_is_refused(filled, snapshots):
    with pytest.raises(JournalTorn, match="batch 5 is missing: the journal ends at batch 4"):
        recover(part_of(filled, 4), snapshots, Venue)


def test_events_that_the_rules_do_not_give_are_refused_and_named(filled):
    forged = part_of(filled, 4)
    before, honest = forged.last(), filled.batches[4]
    events = bytearray(honest.events)
    events[152 + 90] ^= 1
    forged.batches.append(seal(link_of(before), honest.commands, bytes(events)))
    number = before.last_event + 2
    with pytest.raises(JournalTampered, match=rf"batch 5: .* from event {number} on"):
        recover(forged, None, Venue)


def test_commands_out_of_sequence_are_refused_and_named(filled):
    first = filled.batches[0]
    commands = first.commands[:96] + first.commands[:96] + first.commands[192:]
    forged = MemoryJournal()
    forged.batches.append(seal(START, commands, first.events))
    with pytest.raises(JournalTampered, match="batch 1 holds what are no commands"):
        recover(forged, None, Venue)


def test_a_snapshot_builds_on_the_one_before(filled, snapshots):
    CountingVenue.applied = 0
    taken = take_snapshot(filled, snapshots, CountingVenue)
    assert (taken.batch, taken.sequence, CountingVenue.applied) == (10, 100, 4)
    assert [kept.batch for kept in snapshots.newest_first()] == [10, 6]


def test_there_is_no_snapshot_of_nothing():
    assert take_snapshot(MemoryJournal(), MemorySnapshots(), Venue) is None


class Guarded(MemoryJournal):
    """Notes who reads, and lets nobody but the caller of ``recover`` read where ``strangers`` says so."""

    def __init__(self, batches: list[Batch], strangers: bool = True) -> None:
        super().__init__()
        self.batches = batches
        self.reads: list[tuple[bool, int]] = []
        self._strangers = strangers
        self._owner = threading.get_ident()

    def read(self, after: int = 0, limit: int = 1_000) -> Sequence[Batch]:
        is_ahead = threading.get_ident() != self._owner
        self.reads.append((is_ahead, after))
        if is_ahead and not self._strangers:
            raise JournalTorn("not in its turn")
        return super().read(after, limit)


@pytest.fixture
async def long(fill) -> MemoryJournal:
    return await fill(MemoryJournal(), batches=300)


def test_a_long_journal_is_read_ahead_while_it_is_replayed(long):
    journal = Guarded(long.batches)
    venue, last = recover(journal, None, Venue)
    assert (venue.sequence, last) == (3_000, long.last())
    ahead = [after for is_ahead, after in journal.reads if is_ahead]
    assert ahead[:4] == [1, 65, 129, 193]


def test_what_could_not_be_read_ahead_is_read_in_its_turn(long):
    journal = Guarded(long.batches, strangers=False)
    venue, _ = recover(journal, None, Venue)
    assert venue.sequence == 3_000
    assert [after for is_ahead, after in journal.reads if not is_ahead][:3] == [0, 1, 65]


def test_what_was_written_meanwhile_is_read_too(long):
    journal = Guarded(long.batches[:150])
    found = []
    for batch in batches_after(journal, None):
        found.append(batch)
        if len(found) == 149:
            journal.batches = long.batches
    assert found == long.batches


def test_a_break_that_was_read_ahead_is_named_after_all_before_it(long):
    broken = [*long.batches[:200], msgspec.structs.replace(long.batches[200], hash=bytes(32))]
    found = []
    with pytest.raises(JournalTampered, match="batch 201"):
        found.extend(batches_after(Guarded([*broken, *long.batches[201:]]), None))
    assert found == long.batches[: len(found)]


def test_a_snapshot_that_a_running_venue_has_taken_since_is_no_lost_end(filled, snapshots):
    venue, last = from_snapshot(filled, snapshots, Venue, end=4)
    assert (venue.sequence, last) == (0, None)


def test_verify_replay_without_a_snapshot_applies_everything_once(filled):
    CountingVenue.applied = 0
    replayed = verify_replay(filled, MemorySnapshots(), CountingVenue)
    assert (replayed.commands, CountingVenue.applied) == (100, 10)


def test_verify_replay_ends_in_one_state_by_both_ways(filled, snapshots):
    replayed = verify_replay(filled, snapshots, Venue)
    venue, _ = recover(filled, None, Venue)
    assert replayed == (10, 100, filled.last().last_event, venue.state_hash())


def test_verify_replay_finds_a_snapshot_of_another_state(filled, snapshots):
    [snapshot] = snapshots.newest_first()
    other, _ = recover(filled, None, Venue, until=6)
    next(iter(other.clearing.ledger.accounts.values())).free += 1
    wrong = MemorySnapshots()
    wrong.save(msgspec.structs.replace(snapshot, state=other.snapshot()))
    with pytest.raises((CheckFailed, JournalTampered)):
        verify_replay(filled, wrong, Venue)
