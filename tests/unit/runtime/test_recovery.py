"""Recovery: the same venue from a snapshot as from everything, and no trust in what does not fit."""

from __future__ import annotations

import msgspec
import pytest

from pricetime.adapters.memory import MemoryJournal, MemorySnapshots
from pricetime.errors import CheckFailed, JournalTampered, JournalTorn
from pricetime.rules import Venue
from pricetime.runtime.chain import START, link_of, seal
from pricetime.runtime.check import verify_replay
from pricetime.runtime.recovery import recover
from pricetime.runtime.snapshotting import newest_sequence, take_snapshot


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
    assert steps == [(70, 100), (80, 100), (90, 100), (100, 100)]


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
    assert newest_sequence(snapshots) == 100


def test_there_is_no_snapshot_of_nothing():
    assert take_snapshot(MemoryJournal(), MemorySnapshots(), Venue) is None
    assert newest_sequence(MemorySnapshots()) == 0


def test_verify_replay_ends_in_one_state_by_both_ways(filled, snapshots):
    replayed = verify_replay(filled, snapshots, Venue)
    venue, _ = recover(filled, None, Venue)
    assert replayed == (10, 100, filled.last().last_event, venue.state_hash())


def test_verify_replay_finds_a_snapshot_of_another_state(filled, snapshots):
    [snapshot] = snapshots.newest_first()
    other, _ = recover(filled, None, Venue, until=6)
    next(iter(other.ledger.accounts.values())).free += 1
    wrong = MemorySnapshots()
    wrong.save(msgspec.structs.replace(snapshot, state=other.snapshot()))
    with pytest.raises((CheckFailed, JournalTampered)):
        verify_replay(filled, wrong, Venue)
