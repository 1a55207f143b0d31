"""The sequencer: order, time, durability before answers, back-pressure, failure and the end."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.unit.runtime.programs import STOCK, opening, packed, trading

from pricetime.adapters.memory import MemoryJournal
from pricetime.errors import JournalFailed, QueueFull, RecordError, VenueStopped
from pricetime.ports import Batch
from pricetime.records import COMMAND_BYTES, EventKind, Side, iter_commands, iter_events
from pricetime.records import commands as command
from pricetime.rules import Venue


class GatedJournal(MemoryJournal):
    """A journal whose disk waits for permission for each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Semaphore(0)
        self.permit = threading.Semaphore(0)
        self.error: Exception | None = None

    def append(self, batch: Batch) -> None:
        self.reached.release()
        self.permit.acquire()
        if self.error is not None:
            raise self.error
        super().append(batch)

    async def at_disk(self) -> None:
        """Wait until a batch has reached the disk."""
        assert await asyncio.to_thread(self.reached.acquire, timeout=10)


@pytest.fixture
async def gated():
    journal = GatedJournal()
    yield journal
    journal.permit.release(1_000)


async def rounds(count: int = 5) -> None:
    """Let the loop go round, so that what was scheduled has happened."""
    for _ in range(count):
        await asyncio.sleep(0)


def submit(sequencer, *program):
    return asyncio.ensure_future(sequencer.submit(packed(program)))


async def test_sequences_follow_each_other_over_submissions_and_batches(start):
    journal = MemoryJournal()
    sequencer = await start(journal)
    await asyncio.gather(*(sequencer.submit(packed([each])) for each in opening()))
    await sequencer.submit(packed(trading(5)))
    commands = b"".join(batch.commands for batch in journal.batches)
    assert [each.sequence for each in iter_commands(commands)] == list(range(1, 16))
    assert (sequencer.sequence, sequencer.batches) == (15, len(journal.batches))


async def test_submissions_of_one_moment_share_a_batch(start):
    journal = MemoryJournal()
    sequencer = await start(journal)
    await asyncio.gather(*(sequencer.submit(packed([each])) for each in opening()))
    assert len(journal.batches) == 1


async def test_each_submission_gets_exactly_its_own_events(start):
    sequencer = await start(MemoryJournal())
    await sequencer.submit(packed(opening()))
    answers = await asyncio.gather(*(sequencer.submit(packed(trading(3, seed))) for seed in range(20)))
    first, number = 11, 1 + next(iter_events(answers[0])).number - 1
    for answer in answers:
        events = list(iter_events(answer))
        assert sorted({event.sequence for event in events}) == [first, first + 1, first + 2]
        assert [event.number for event in events] == list(range(number, number + len(events)))
        first, number = first + 3, number + len(events)


async def test_an_order_is_named_by_its_sequence(start):
    sequencer = await start(MemoryJournal())
    await sequencer.submit(packed(opening()))
    answer = await sequencer.submit(command.place_order(1, STOCK, Side.BUY, 5, 1_000_000).pack())
    assert next(iter_events(answer)).order == 11


async def test_a_new_account_without_a_number_is_named_by_its_sequence(start):
    sequencer = await start(MemoryJournal())
    answer = await sequencer.submit(packed([command.open_account(), command.open_account()]))
    named = [event.account for event in iter_events(answer) if event.kind == EventKind.ACCEPTED]
    assert named == [1, 2]


async def test_time_never_runs_backwards_when_the_clock_does(start, clock):
    journal = MemoryJournal()
    sequencer = await start(journal)
    await sequencer.submit(command.open_account().pack())
    clock.advance(-3_600)
    await sequencer.submit(command.open_account().pack())
    clock.advance(7_200)
    await sequencer.submit(command.open_account().pack())
    first, second, third = (batch.time_ns for batch in journal.batches)
    assert first == second
    assert third == first + 3_600 * 10**9


async def test_time_never_runs_backwards_over_a_restart(start, clock):
    journal = MemoryJournal()
    sequencer = await start(journal)
    await sequencer.submit(command.open_account().pack())
    await sequencer.stop()
    clock.advance(-3_600)
    sequencer = await start(journal)
    await sequencer.submit(command.open_account().pack())
    assert journal.batches[0].time_ns == journal.batches[1].time_ns


async def test_nothing_is_answered_before_it_is_durable(start, gated):
    sequencer = await start(gated)
    answer = submit(sequencer, *opening())
    await gated.at_disk()
    await rounds()
    assert not answer.done()
    assert (sequencer.published, sequencer.sequence) == (0, 0)
    gated.permit.release()
    await answer
    assert sequencer.sequence == 10


async def test_the_rules_work_on_the_next_batch_while_one_is_written_and_never_further(start, gated):
    venue = Venue()
    sequencer = await start(gated, venue=venue, batch_limit=10)
    answers = [submit(sequencer, *opening())]
    await gated.at_disk()
    answers += [submit(sequencer, order) for order in trading(25)]
    await rounds()
    assert venue.sequence == 20, "batch 1 is being written, batch 2 is applied and full, the rest waits"
    gated.permit.release(10)
    await asyncio.gather(*answers)
    assert [batch.last_sequence for batch in gated.batches] == [10, 20, 30, 35]


async def test_what_arrives_during_a_write_becomes_one_batch(start, gated):
    sequencer = await start(gated)
    answers = [submit(sequencer, *opening())]
    await gated.at_disk()
    for order in trading(30):
        answers.append(submit(sequencer, order))
        await rounds(2)
    gated.permit.release(2)
    await asyncio.gather(*answers)
    assert [batch.last_sequence for batch in gated.batches] == [10, 40]


async def test_a_submission_larger_than_a_batch_stays_together(start):
    journal = MemoryJournal()
    sequencer = await start(journal, batch_limit=4)
    answers = await asyncio.gather(
        sequencer.submit(packed(opening()[:3])),
        sequencer.submit(packed(opening()[3:])),
        sequencer.submit(packed(trading(1))),
    )
    assert [batch.last_sequence for batch in journal.batches] == [3, 10, 11]
    assert {event.sequence for event in iter_events(answers[1])} == set(range(4, 11))


async def test_the_events_of_a_batch_are_chained_to_the_batch_before(filled):
    hashes = [batch.hash for batch in filled.batches]
    assert [batch.previous_hash for batch in filled.batches] == [bytes(32), *hashes[:-1]]


async def test_a_caller_that_goes_away_changes_nothing(start, gated):
    sequencer = await start(gated)
    writing = submit(sequencer, *opening())
    await gated.at_disk()
    gone, stays = submit(sequencer, *trading(2)), submit(sequencer, *trading(1))
    await rounds()
    gone.cancel()
    writing.cancel()
    gated.permit.release(2)
    assert {event.sequence for event in iter_events(await stays)} == {13}
    assert sequencer.sequence == 13
    assert sequencer.queued == 0


async def test_a_full_queue_says_when_to_come_again(start, gated):
    sequencer = await start(gated, queue_limit=10)
    first = submit(sequencer, *opening())
    await gated.at_disk()
    with pytest.raises(QueueFull) as refused:
        await sequencer.submit(packed(trading(1)))
    assert refused.value.retry_after_s >= 1
    gated.permit.release(2)
    await first
    await sequencer.submit(packed(trading(1)))
    assert sequencer.sequence == 11


@pytest.mark.parametrize("junk", [b"", b"x" * 95, b"x" * COMMAND_BYTES, bytes(2 * COMMAND_BYTES)])
async def test_bytes_that_are_no_commands_are_refused_at_the_door(start, junk):
    sequencer = await start(MemoryJournal())
    with pytest.raises(RecordError):
        await sequencer.submit(junk)
    await sequencer.submit(packed(opening()))
    assert sequencer.state == "running"


async def test_the_last_event_of_an_account_is_the_last_that_touched_it(start):
    sequencer = await start(MemoryJournal())
    events = list(iter_events(await sequencer.submit(packed(opening()))))
    for account in (1, 2, 3):
        expected = max(event.number for event in events if event.account == account)
        assert sequencer.last_event_of(account) == expected
    assert sequencer.last_event_of(99) == 0


async def test_a_trade_moves_the_last_event_of_both_sides(start):
    sequencer = await start(MemoryJournal())
    await sequencer.submit(packed(opening()))
    await sequencer.submit(command.place_order(1, STOCK, Side.SELL, 5, 1_000_000).pack())
    before = sequencer.published
    await sequencer.submit(command.place_order(2, STOCK, Side.BUY, 5, 1_000_000).pack())
    assert min(sequencer.last_event_of(1), sequencer.last_event_of(2)) > before
    assert sequencer.last_event_of(3) <= before


async def test_after_a_restart_the_last_event_of_an_account_is_the_end_of_the_journal(start, filled):
    sequencer = await start(filled)
    assert sequencer.last_event_of(2) == filled.batches[-1].last_event


async def test_listeners_hear_of_each_durable_batch_in_order_and_one_that_fails_stops_nobody(start):
    sequencer = await start(MemoryJournal())
    heard: list[int] = []

    def fails(_: Batch) -> None:
        raise ValueError("a listener's own fault")

    sequencer.on_batch += [fails, lambda batch: heard.append(batch.number)]
    for order in opening():
        await sequencer.submit(order.pack())
    assert heard == list(range(1, 11))


async def test_after_a_journal_failure_nothing_is_answered_any_more(start, gated):
    sequencer = await start(gated, batch_limit=10)
    gated.error = OSError(28, "No space left on device")
    answers = [submit(sequencer, *opening())]
    await gated.at_disk()
    answers += [submit(sequencer, order) for order in trading(20)]
    await rounds()
    gated.permit.release()
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert {type(result) for result in results} == {JournalFailed}
    assert "No space left" in str(results[0])
    assert (sequencer.state, sequencer.queued, sequencer.published) == ("failed", 0, 0)
    with pytest.raises(JournalFailed):
        await sequencer.submit(packed(trading(1)))
    with pytest.raises(VenueStopped):
        sequencer.snapshot()
    assert gated.batches == []


async def test_rules_that_fail_stop_the_venue_rather_than_answer(start):
    class Broken(Venue):
        def apply(self, commands: bytes) -> bytes:
            raise ZeroDivisionError

    journal = MemoryJournal()
    sequencer = await start(journal, venue=Broken())
    with pytest.raises(JournalFailed, match="ZeroDivisionError"):
        await sequencer.submit(packed(opening()))
    assert (sequencer.state, journal.batches) == ("failed", [])


async def test_stopping_answers_what_was_taken_and_refuses_what_comes(start, gated):
    sequencer = await start(gated, batch_limit=5)
    taken = [submit(sequencer, order) for order in opening()]
    await gated.at_disk()
    stopping = asyncio.ensure_future(sequencer.stop())
    await rounds()
    with pytest.raises(VenueStopped):
        await sequencer.submit(packed(trading(1)))
    gated.permit.release(10)
    await stopping
    assert all(answer.done() and answer.result() for answer in taken)
    assert gated.batches[-1].last_sequence == 10
    await sequencer.stop()


async def test_a_stopped_venue_gives_its_final_snapshot(start):
    journal = MemoryJournal()
    sequencer = await start(journal)
    await sequencer.submit(packed(opening()))
    with pytest.raises(VenueStopped):
        sequencer.snapshot()
    await sequencer.stop()
    snapshot = sequencer.snapshot()
    assert (snapshot.batch, snapshot.batch_hash) == (1, journal.batches[0].hash)
    assert Venue.restore(snapshot.state).state_hash() == snapshot.state_hash


async def test_before_the_start_nothing_is_taken(clock):
    from pricetime.runtime import Sequencer

    sequencer = Sequencer(Venue(), MemoryJournal(), clock, last=None, queue_limit=10, batch_limit=10)
    with pytest.raises(VenueStopped):
        await sequencer.submit(packed(opening()))
    await sequencer.stop()


async def test_validating_changes_nothing(start):
    sequencer = await start(MemoryJournal())
    await sequencer.submit(packed(opening()))
    answer = sequencer.validate(command.place_order(1, STOCK, Side.BUY, 5, 1_000_000).pack())
    assert next(iter_events(answer)).kind == EventKind.ACCEPTED
    assert sequencer.sequence == 10
    with pytest.raises(RecordError):
        sequencer.validate(b"")
