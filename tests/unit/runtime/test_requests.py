"""Requests are named on the way of their commands, as long as they are remembered."""

from __future__ import annotations

from tests.support.parts import LEDGER, MINE, SERVICE

from pricetime.ports import Message
from pricetime.records import commands
from pricetime.records.routing import Address, Room
from pricetime.runtime.partition_chain import PartitionLink, seal
from pricetime.runtime.requests import Requests, grouped, requests_of

BOOK = Address(Room.BOOK, 0)


def sent(*sequences: int) -> Message:
    records = (commands.deposit(MINE[0], 1)._replace(sequence=sequence).pack() for sequence in sequences)
    return Message(LEDGER, BOOK, 1, b"".join(records))


def heard(request: str, *sequences: int) -> Message:
    return Message(SERVICE, LEDGER, 1, b"", ((request, sequences),))


def test_sequences_are_grouped_by_request_each_once_and_in_order() -> None:
    named = [(5, "b"), (1, "a"), (5, "b"), (7, ""), (2, "b")]
    assert grouped(named) == (("b", (5, 2)), ("a", (1,)))


def test_a_message_is_named_with_what_its_records_go_back_to() -> None:
    requests = Requests(10)
    requests.hear([heard("a", 1, 2), heard("b", 3)])
    [named] = requests.named([sent(2, 9, 3, 2)])
    assert named.requests == (("a", (2,)), ("b", (3,)))
    assert named.said == sent(2, 9, 3, 2).said


def test_only_the_last_are_remembered() -> None:
    requests = Requests(4)
    for sequence, request in enumerate("abcdef", 1):
        requests.hear([heard(request, sequence)])
    [named] = requests.named([sent(1, 2, 3, 4, 5, 6)])
    assert named.requests == (("d", (4,)), ("e", (5,)), ("f", (6,)))


def test_requests_of_batches_are_told_once() -> None:
    inputs = (heard("a", 1), heard("b", 2), heard("a", 3))
    batch = seal(PartitionLink(), LEDGER, inputs, ())
    assert requests_of([batch, batch]) == ["a", "b"]
