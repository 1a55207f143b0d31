"""The compiled core where it can differ from the rules: declarations, memory, hostile snapshots."""

from __future__ import annotations

import random
import runpy
import struct
import threading
from pathlib import Path

import pytest
from tests.support.market import stamp

from pricetime.errors import RecordError, SnapshotError
from pricetime.records import Side, commands, fields
from pricetime.records.state import HEADER, MAGIC

core = pytest.importorskip("pricetime.core", reason="installed without a compiler")
ROOT = Path(__file__).parents[3]


def packed(program: list) -> bytes:
    return b"".join(stamp(command, at).pack() for at, command in enumerate(program))


PEOPLE = 50
OPENING = [
    commands.list_stock(1, 1),
    *(commands.open_account(account) for account in range(1, PEOPLE + 1)),
    *(commands.deposit(account, 10**15) for account in range(1, PEOPLE + 1)),
    *(commands.grant_shares(account, 1, 10**9) for account in range(1, PEOPLE + 1)),
]


def resting(count: int, seed: int = 1, prices: int = 10**9) -> list:
    """Return orders that do not meet: buys below the middle, sells above it, each at a price of its own."""
    chance = random.Random(seed)
    placed = []
    for _ in range(count):
        side = chance.choice((Side.BUY, Side.SELL))
        away = chance.randint(1, prices)
        price = prices + 1 - away if side is Side.BUY else prices + 1 + away
        placed.append(commands.place_order(chance.randint(1, PEOPLE), 1, side, 1, price))
    return placed


def test_the_declarations_are_those_of_the_tables_of_records():
    tool = runpy.run_path(str(ROOT / "tools/declare_records.py"))
    assert tool["TARGET"].read_text("utf-8") == tool["declarations"]()


def test_records_take_the_bytes_that_the_tables_say():
    assert core.venue.record_sizes() == {
        "Command": fields.COMMAND_BYTES,
        "Event": fields.EVENT_BYTES,
        "Order": 64,
    }


@pytest.mark.parametrize("prices", [30, 3_000, 10**9])
def test_books_of_any_width_grow_and_empty_without_a_fault(prices: int):
    venue = core.Venue()
    venue.apply(packed(OPENING))
    orders = resting(20_000, prices=prices)
    placed = [stamp(order, venue.sequence + at) for at, order in enumerate(orders)]
    venue.apply(b"".join(order.pack() for order in placed))
    assert venue.check() == []
    assert venue.memory()["orders"] == 20_000
    random.Random(2).shuffle(placed)
    for start in range(0, len(placed), 4_000):
        cancels = [
            stamp(commands.cancel_order(order.account, order.order), venue.sequence + at)
            for at, order in enumerate(placed[start : start + 4_000])
        ]
        venue.apply(b"".join(command.pack() for command in cancels))
        assert venue.check() == []
        assert core.Venue.restore(venue.snapshot()).snapshot() == venue.snapshot()
    assert venue.memory()["orders"] == 0


def test_a_resting_order_and_an_account_stay_within_their_memory():
    venue = core.Venue()
    venue.apply(packed(OPENING + resting(60_000, prices=1_000)))
    memory = venue.memory()
    assert memory["order_bytes"] / memory["orders"] <= 160
    assert (memory["account_bytes"] + 2 * memory["holding_bytes"]) / memory["accounts"] <= 200


def test_slots_are_used_again():
    venue = core.Venue()
    venue.apply(packed(OPENING))
    taken = set()
    for _ in range(200):
        at = venue.sequence
        order = stamp(commands.place_order(1, 1, Side.BUY, 1, 7), at)
        venue.apply(order.pack())
        venue.apply(stamp(commands.cancel_order(1, order.order), at + 1).pack())
        taken.add(venue.memory()["order_bytes"])
    assert len(taken) == 1


def test_a_gap_in_the_sequence_is_refused_and_what_came_before_it_is_not_lost():
    venue = core.Venue()
    first, second, third = (stamp(commands.open_account(at), at - 1).pack() for at in (1, 2, 3))
    with pytest.raises(RecordError, match="command 3 cannot follow command 1"):
        venue.apply(first + third)
    events = venue.apply(second + third)
    assert len(events) == 3 * fields.EVENT_BYTES


@pytest.mark.parametrize("broken", [b"x", bytes(96), bytes(95)])
def test_what_are_no_commands_is_refused(broken: bytes):
    with pytest.raises(RecordError):
        core.Venue().apply(broken)


def test_a_hostile_snapshot_is_refused_and_never_read_past_its_end():
    venue = core.Venue()
    venue.apply(packed(OPENING + resting(50)))
    snapshot = venue.snapshot()
    chance = random.Random(3)
    refused = 0
    for _ in range(3_000):
        broken = bytearray(snapshot)
        for _ in range(chance.randint(1, 3)):
            broken[chance.randrange(len(MAGIC), len(broken))] = chance.choice((0, 1, 127, 128, 255))
        try:
            core.Venue.restore(bytes(broken)).snapshot()
        except SnapshotError:
            refused += 1
    assert refused > 500


def test_a_snapshot_with_negative_counts_is_refused():
    header = list(HEADER.unpack_from(core.Venue().snapshot(), len(MAGIC)))
    header[-1] = -1
    with pytest.raises(SnapshotError):
        core.Venue.restore(MAGIC + struct.pack(f"<{len(header)}q", *header))


def test_large_batches_leave_python_free():
    venue = core.Venue()
    venue.apply(packed(OPENING))
    orders = resting(150_000)
    batch = b"".join(stamp(order, venue.sequence + at).pack() for at, order in enumerate(orders))
    turns, ended = 0, threading.Event()

    def apply() -> None:
        venue.apply(batch)
        ended.set()

    thread = threading.Thread(target=apply)
    thread.start()
    while not ended.is_set():
        turns += 1
    thread.join()
    assert turns > 100
    assert venue.memory()["orders"] == 150_000
