"""What the views leave out of a large batch."""

from __future__ import annotations

from pricetime.records import Event, EventKind, iter_events
from pricetime.views.latest import latest


def state(number: int, account: int, *, stock: int = 0) -> Event:
    kind = EventKind.HOLDING_CHANGED if stock else EventKind.BALANCE_CHANGED
    return Event(kind=kind, number=number, account=account, stock=stock)


def numbers(events: list[Event]) -> list[int]:
    return [event.number for event in iter_events(latest(b"".join(event.pack() for event in events)))]


def test_of_a_large_batch_each_state_is_told_once_and_last() -> None:
    batch = [
        event
        for number in range(1, 2_001, 4)
        for event in (
            state(number, 1 + number // 4 % 2),
            state(number + 1, 1, stock=1),
            state(number + 2, 1, stock=2),
            Event(kind=EventKind.TRADED, number=number + 3, account=1, stock=1),
        )
    ]
    assert numbers(batch) == sorted([*range(4, 2_001, 4), 1_993, 1_997, 1_998, 1_999])


def test_a_small_batch_is_left_as_it_is() -> None:
    assert numbers([state(1, 1), state(2, 1)]) == [1, 2]
