"""The desk of a service among many: what it sends, and when it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec
import pytest
from tests.support.parted_venue import SMALL, PartedVenue

from pricetime.adapters.memory import DrivenClock
from pricetime.errors import AnswerLate, BrokerFailed, QueueFull, VenueStopped
from pricetime.ports import Message, Notice
from pricetime.records import EVENT_BYTES, EventKind, Side, iter_commands, iter_events
from pricetime.records.commands import (
    cancel_all,
    deposit,
    grant_shares,
    list_stock,
    open_account,
    place_order,
)
from pricetime.rules.partitions import Address, Room
from pricetime.runtime.desk import Lane
from pricetime.runtime.dispatcher import Dispatcher
from pricetime.runtime.heard import HeardJournal
from pricetime.runtime.numbering import SEQUENCE_STEP, Sequences

_SERVICE = Address(Room.SERVICE, 7)
_STOCK = 3
_NOW_NS = 1_800_000_000 * 10**9


class _Kept:
    """What a desk finds in the journals and in the views: notices that a test has kept."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def missed(self, partition: Address, after: int) -> Sequence[Notice]:
        found = [each for each in self.notices if each.partition == partition and each.batch > after]
        return found[:100]

    async def held(self) -> dict[Address, int]:
        return {each.partition: each.batch for each in self.notices}


class _Desk:
    """A dispatcher over a venue in parts."""

    def __init__(self, venue: PartedVenue | None = None, **options: object) -> None:
        self.venue = venue or PartedVenue()
        self.kept = _Kept()
        self.clock = DrivenClock(_NOW_NS)
        chosen: dict[str, object] = {
            "missed": self.kept.missed,
            "held": self.kept.held,
            "queue_limit": 100,
            "answer_wait_s": 30.0,
            **options,
        }
        self.dispatcher = Dispatcher(
            _SERVICE,
            SMALL,
            Sequences(5, self.clock),
            self.clock,
            HeardJournal(1_000, 10_000_000),
            **chosen,  # type: ignore[arg-type]
        )
        self.sending = asyncio.create_task(self.dispatcher.send(self.venue))

    async def until_sent(self, messages: int) -> None:
        while len(self.venue.published) < messages:
            await asyncio.sleep(0)

    async def do(self, command: bytes) -> bytes:
        """Run one command to its end."""
        sent = len(self.venue.published)
        answer = self.dispatcher.hand_in(command)
        await self.until_sent(sent + 1)
        for notice in self.venue.settle():
            await self.dispatcher.hear(notice)
        assert answer.done()
        return answer.result()

    async def two_traders(self) -> tuple[int, int]:
        """Return a buyer with money and a seller with shares whose ledgers differ."""
        buyer, seller = (
            next(number for number in range(1, 100) if SMALL.ledger_of(number).number == ledger)
            for ledger in (0, 1)
        )
        await self.do(list_stock(_STOCK, 100).pack())
        for account in (buyer, seller):
            await self.do(open_account(account).pack())
        await self.do(deposit(buyer, 1_000_000).pack())
        await self.do(grant_shares(seller, _STOCK, 100).pack())
        return buyer, seller

    async def end(self) -> None:
        self.sending.cancel()
        await asyncio.gather(self.sending, return_exceptions=True)


@pytest.fixture
async def new_desk() -> AsyncIterator[Callable[..., _Desk]]:
    desks: list[_Desk] = []

    def make(venue: PartedVenue | None = None, **options: object) -> _Desk:
        desks.append(_Desk(venue, **options))
        return desks[-1]

    yield make
    for desk in desks:
        await desk.end()


def _kinds(events: bytes) -> list[EventKind]:
    return [EventKind(event.kind) for event in iter_events(events)]


async def test_a_command_that_its_ledger_answers_is_answered_with_its_events(
    new_desk: Callable[..., _Desk],
) -> None:
    desk = new_desk()
    await desk.do(open_account(1).pack())
    events = await desk.do(deposit(1, 500).pack())
    assert _kinds(events) == [EventKind.ACCEPTED, EventKind.BALANCE_CHANGED]


async def test_an_order_that_trades_is_answered_when_both_sides_have_settled(
    new_desk: Callable[..., _Desk],
) -> None:
    desk = new_desk()
    buyer, seller = await desk.two_traders()
    await desk.do(place_order(seller, _STOCK, Side.SELL, 10, 200).pack())
    answer = desk.dispatcher.hand_in(place_order(buyer, _STOCK, Side.BUY, 10, 200).pack())
    await desk.until_sent(len(desk.venue.published) + 1)
    notices = desk.venue.settle()
    assert [str(notice.partition) for notice in notices] == ["ledger.0", "book.1", "ledger.0", "ledger.1"]
    for notice in notices[:3]:
        await desk.dispatcher.hear(notice)
        assert not answer.done()
    await desk.dispatcher.hear(notices[3])
    events = answer.result()
    assert _kinds(events)[0] == EventKind.ACCEPTED
    assert {event.account for event in iter_events(events) if event.kind == EventKind.BALANCE_CHANGED} == {
        buyer,
        seller,
    }


async def test_notices_of_partitions_may_come_in_any_order(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk()
    buyer, seller = await desk.two_traders()
    await desk.do(place_order(seller, _STOCK, Side.SELL, 10, 200).pack())
    answer = desk.dispatcher.hand_in(place_order(buyer, _STOCK, Side.BUY, 10, 200).pack())
    await desk.until_sent(len(desk.venue.published) + 1)
    hold, match, settled, settled_too = desk.venue.settle()
    for notice in (settled_too, hold, settled, match):
        assert not answer.done()
        await desk.dispatcher.hear(notice)
    assert _kinds(answer.result())[0] == EventKind.ACCEPTED


async def test_a_repeat_is_answered_when_the_views_hold_what_its_ledger_knew(
    new_desk: Callable[..., _Desk],
) -> None:
    desk = new_desk()
    buyer, _ = await desk.two_traders()
    await desk.do(place_order(buyer, _STOCK, Side.BUY, 1, 200).pack())
    order = place_order(buyer, _STOCK, Side.BUY, 10, 200, client_id=b"the same, twice.").pack()
    desk.dispatcher.hand_in(order)
    await desk.until_sent(len(desk.venue.published) + 1)
    held, rests, known = desk.venue.settle()
    again = desk.dispatcher.hand_in(order)
    await desk.until_sent(len(desk.venue.published) + 1)
    [repeated] = desk.venue.settle()
    for notice in (held, known, repeated):
        await desk.dispatcher.hear(notice)
        assert not again.done()
    await desk.dispatcher.hear(rests)
    assert _kinds(again.result()) == [EventKind.ACCEPTED]


async def test_cancelling_all_is_answered_when_the_books_have_cancelled(
    new_desk: Callable[..., _Desk],
) -> None:
    desk = new_desk()
    buyer, _ = await desk.two_traders()
    for price in (100, 200, 300):
        await desk.do(place_order(buyer, _STOCK, Side.BUY, 10, price).pack())
    events = await desk.do(cancel_all(buyer).pack())
    kinds = _kinds(events)
    assert kinds[0] == EventKind.ACCEPTED
    assert kinds.count(EventKind.ORDER_CLOSED) == 3


async def test_commands_handed_in_together_are_answered_together_and_in_their_order(
    new_desk: Callable[..., _Desk],
) -> None:
    desk = new_desk()
    buyer, _ = await desk.two_traders()
    commands = b"".join(place_order(buyer, _STOCK, Side.BUY, 1, price).pack() for price in (150, 0, 300))
    sent = len(desk.venue.published)
    answer = desk.dispatcher.hand_in(commands)
    await desk.until_sent(sent + 1)
    for notice in desk.venue.settle():
        await desk.dispatcher.hear(notice)
    answers = [event for event in iter_events(answer.result()) if event.kind <= EventKind.DENIED]
    assert [event.kind for event in answers] == [EventKind.DENIED, EventKind.DENIED, EventKind.ACCEPTED]
    assert [event.sequence - answers[0].sequence for event in answers] == [
        0,
        SEQUENCE_STEP,
        2 * SEQUENCE_STEP,
    ]


async def test_a_notice_that_was_heard_before_tells_nobody_again(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk()
    heard = []
    desk.dispatcher.on_batch.append(lambda batch: heard.append(batch.events))
    answer = desk.dispatcher.hand_in(open_account(1).pack())
    await desk.until_sent(1)
    for notice in desk.venue.settle() * 2:
        await desk.dispatcher.hear(notice)
    assert answer.done()
    assert len(heard) == 1


async def test_missed_notices_are_found_before_the_next_is_taken_in(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk()
    await desk.do(open_account(1).pack())
    answers = []
    for _ in range(3):
        sent = len(desk.venue.published)
        answers.append(desk.dispatcher.hand_in(deposit(1, 5).pack()))
        await desk.until_sent(sent + 1)
    desk.kept.notices += desk.venue.settle()
    await desk.dispatcher.hear(desk.kept.notices[-1])
    assert all(answer.done() for answer in answers)


async def test_a_lost_notice_of_a_book_in_which_nothing_more_happens_is_found_by_catching_up(
    new_desk: Callable[..., _Desk],
) -> None:
    desk = new_desk()
    await desk.dispatcher.catch_up()
    buyer, _ = await desk.two_traders()
    order = desk.dispatcher.hand_in(place_order(buyer, _STOCK, Side.BUY, 10, 200).pack())
    await desk.until_sent(len(desk.venue.published) + 1)
    held, rests, known = desk.kept.notices = desk.venue.settle()
    assert str(rests.partition) == "book.1"
    await desk.dispatcher.hear(held)
    await desk.dispatcher.hear(known)
    other = desk.dispatcher.hand_in(deposit(buyer, 5).pack())
    await desk.until_sent(len(desk.venue.published) + 1)
    [deposited] = desk.venue.settle()
    await desk.dispatcher.hear(deposited)
    assert not order.done()
    assert not other.done()
    await desk.dispatcher.catch_up()
    assert _kinds(order.result())[0] == _kinds(other.result())[0] == EventKind.ACCEPTED


async def test_the_first_notice_of_a_partition_may_be_lost_too(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk()
    await desk.dispatcher.catch_up()  # as it does before it sends anything
    answers = []
    for account in (1, 1):
        answers.append(desk.dispatcher.hand_in(open_account(account).pack()))
        await desk.until_sent(len(answers))
    desk.kept.notices = desk.venue.settle()
    lost, second = desk.kept.notices
    assert lost.partition == second.partition
    await desk.dispatcher.hear(second)
    assert all(answer.done() for answer in answers)


async def test_while_answers_are_late_it_looks_for_what_was_lost(
    new_desk: Callable[..., _Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricetime.runtime.dispatcher._LATE_S", 0.01)
    desk = new_desk()
    await desk.dispatcher.catch_up()
    answer = desk.dispatcher.hand_in(open_account(1).pack())
    await desk.until_sent(1)
    keeping = asyncio.create_task(desk.dispatcher.keep_up())
    await asyncio.sleep(0.05)
    assert not answer.done()
    desk.kept.notices = desk.venue.settle()
    async with asyncio.timeout(60):
        assert _kinds(await answer) == [EventKind.ACCEPTED]
    keeping.cancel()


async def test_one_that_begins_late_waits_for_a_book_that_it_has_not_heard_of(
    new_desk: Callable[..., _Desk],
) -> None:
    first = new_desk()
    buyer, _ = await first.two_traders()
    order = place_order(buyer, _STOCK, Side.BUY, 10, 200, client_id=b"the same, twice.").pack()
    first.dispatcher.hand_in(order)
    await first.until_sent(len(first.venue.published) + 1)
    held, rests, known = first.venue.settle()
    late = new_desk(first.venue)
    await late.dispatcher.catch_up()  # its views hold nothing yet
    again = late.dispatcher.hand_in(order)
    await late.until_sent(len(first.venue.published) + 1)
    [repeated] = first.venue.settle()
    for notice in (held, known, repeated):
        await late.dispatcher.hear(notice)
        assert not again.done()
    await late.dispatcher.hear(rests)
    assert _kinds(again.result()) == [EventKind.ACCEPTED]


async def test_where_views_are_far_behind_what_was_told_long_ago_is_not_told_again(
    new_desk: Callable[..., _Desk],
) -> None:
    first = new_desk()
    await first.do(open_account(1).pack())
    for amount in range(1, 100):
        await first.do(deposit(1, amount).pack())
    first.dispatcher.hand_in(deposit(1, 1_000).pack())
    await first.until_sent(len(first.venue.published) + 1)
    [notice] = first.venue.settle()
    journal, views, told = _Kept(), _Kept(), []
    journal.notices = [msgspec.structs.replace(notice, batch=batch) for batch in range(1, notice.batch)]
    views.notices = journal.notices[:3]
    late = new_desk(first.venue, missed=journal.missed, held=views.held)
    late.dispatcher.on_batch.append(lambda batch: told.append(batch.events))
    await late.dispatcher.catch_up()
    await late.dispatcher.hear(notice)
    assert told == [notice.events]


async def test_what_was_given_up_is_not_kept_and_never_sent(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk(answer_wait_s=0.0, queue_limit=10)
    await desk.end()  # the broker is away
    sweeping = asyncio.create_task(desk.dispatcher.sweep())
    for _ in range(3):
        answers = [desk.dispatcher.hand_in(open_account(account).pack()) for account in range(1, 11)]
        for outcome in await asyncio.gather(*answers, return_exceptions=True):
            assert isinstance(outcome, AnswerLate)
    sweeping.cancel()
    last = desk.dispatcher.hand_in(open_account(77).pack())
    desk.sending = asyncio.create_task(desk.dispatcher.send(desk.venue))
    await desk.until_sent(1)
    for notice in desk.venue.settle():
        await desk.dispatcher.hear(notice)
    assert last.done()
    sent = [command.account for each in desk.venue.published for command in iter_commands(each.records)]
    assert sent == [77]


async def test_what_the_broker_has_not_confirmed_is_sent_again_unchanged(
    new_desk: Callable[..., _Desk],
) -> None:
    class Broken:
        def __init__(self) -> None:
            self.tried: list[Message] = []

        async def publish(self, messages: Sequence[Message]) -> None:
            self.tried += messages
            raise BrokerFailed

    desk = new_desk()
    await desk.end()
    broken = Broken()
    desk.dispatcher.hand_in(open_account(1).pack())
    with pytest.RaisesGroup(BrokerFailed):
        await desk.dispatcher.send(broken)
    desk.sending = asyncio.create_task(desk.dispatcher.send(desk.venue))
    await desk.until_sent(1)
    assert broken.tried
    assert set(broken.tried) == set(desk.venue.published)
    assert [command.account for command in iter_commands(desk.venue.published[0].records)] == [1]


async def test_more_than_may_wait_is_refused_and_a_stop_refuses_all(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk(queue_limit=2)
    for account in (1, 2):
        desk.dispatcher.hand_in(open_account(account).pack())
    with pytest.raises(QueueFull):
        desk.dispatcher.hand_in(open_account(3).pack())
    await desk.dispatcher.stop(0)
    with pytest.raises(VenueStopped):
        desk.dispatcher.hand_in(open_account(3).pack())


async def test_a_stop_waits_for_what_was_taken(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk()
    await desk.do(open_account(1).pack())
    answer = desk.dispatcher.hand_in(deposit(1, 5).pack())
    await desk.until_sent(2)
    stopping = asyncio.create_task(desk.dispatcher.stop(30))
    await asyncio.sleep(0)
    assert not stopping.done()
    for notice in desk.venue.settle():
        await desk.dispatcher.hear(notice)
    await stopping
    assert answer.done()


async def test_an_answer_that_does_not_come_is_given_up(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk(answer_wait_s=0.0)
    answer = desk.dispatcher.hand_in(open_account(1).pack())
    sweeping: Awaitable[None] = asyncio.create_task(desk.dispatcher.sweep())
    with pytest.raises(AnswerLate):
        await answer
    assert desk.dispatcher.queued == 0
    sweeping.cancel()  # type: ignore[attr-defined]


async def test_a_trial_is_answered_and_changes_nothing(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk()
    buyer, _ = await desk.two_traders()
    before = desk.venue.partitions[SMALL.ledger_of(buyer)].snapshot()
    command = place_order(buyer, _STOCK, Side.BUY, 10, 200)
    events = await desk.do(command._replace(flags=8).pack())
    [answer] = iter_events(events)
    assert (answer.kind, answer.quantity, answer.held) == (EventKind.ACCEPTED, 10, 2_000)
    after = desk.venue.partitions[SMALL.ledger_of(buyer)].snapshot()
    assert len(before) == len(after)


async def test_what_has_a_lane_is_told_whole_and_in_its_order(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk(batch_bytes=3 * EVENT_BYTES)
    buyer, _ = await desk.two_traders()
    told: list[tuple[int, bytes]] = []
    desk.dispatcher.on_batch.append(lambda batch: told.append((batch.last_event, batch.events)))
    sent, before = len(desk.venue.published), desk.dispatcher.published
    lane = Lane()
    orders = [place_order(buyer, _STOCK, Side.BUY, 1, 10_000).pack() for _ in range(2)]
    first = desk.dispatcher.hand_in(b"".join(orders), lane)
    second = desk.dispatcher.hand_in(deposit(buyer, 1).pack(), lane)  # needs no book, and is answered first
    await desk.until_sent(sent + 1)
    alone = 0
    for notice in desk.venue.settle():
        await desk.dispatcher.hear(notice)
        alone += bool(notice.events) and not first.done()
        assert first.done() or not (second.done() or told)
    assert alone > 0
    opened = [EventKind.ACCEPTED, EventKind.ORDER_OPENED, EventKind.BALANCE_CHANGED]
    assert _kinds(first.result()) == [*opened, *opened]
    assert b"".join(events for _, events in told) == first.result() + second.result()
    assert [at - before for at, _ in told] == [3, 6, 8]
    assert list(lane) == []


async def test_what_is_late_in_a_lane_is_told_as_far_as_it_is_known(new_desk: Callable[..., _Desk]) -> None:
    desk = new_desk(answer_wait_s=0.0)
    buyer, _ = await desk.two_traders()
    told: list[bytes] = []
    desk.dispatcher.on_batch.append(lambda batch: told.append(batch.events))
    sent, lane = len(desk.venue.published), Lane()
    late = desk.dispatcher.hand_in(place_order(buyer, _STOCK, Side.BUY, 1, 10_000).pack(), lane)
    await desk.until_sent(sent + 1)
    notices = list(desk.venue.settle())
    await desk.dispatcher.hear(notices[0])
    assert told == []
    sweeping = asyncio.create_task(desk.dispatcher.sweep())
    with pytest.raises(AnswerLate):
        await late
    sweeping.cancel()
    assert told == [notices[0].events]
    for notice in notices[1:]:
        await desk.dispatcher.hear(notice)
    assert b"".join(told) == b"".join(notice.events for notice in notices)
