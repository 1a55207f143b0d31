"""The views of a venue in parts against those of the venue in one piece, after the same programs."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
import pytest
from tests.support.memory_views import MemoryViewStore, Tables
from tests.support.parted_views import JournaledTrial

from pricetime.errors import ViewsDamaged, ViewsFenced
from pricetime.ports import PartitionBatch
from pricetime.records import Reason, Side, TimeInForce, commands
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.views import PartitionProjection, Projection

SCENARIOS = ("everyday", "waiting", "poor", "selves", "pennies", "halts", "garbage", "ids")


def followed(scenario: str, seed: int = 0) -> JournaledTrial:
    trial = JournaledTrial(Topology((3, 2, 1)[seed % 3], (2, 3, 1)[seed % 3]))
    trial.follow(scenario, seed)
    return trial


def tables_of_whole(trial: JournaledTrial) -> Tables:
    tables = Tables()
    store = MemoryViewStore(tables, "whole")
    projection = Projection(store)
    for batch in trial.venue.journal.batches:
        projection.project(batch)
    store.save(projection.take())
    return tables


def tables_of_parts(
    topology: Topology,
    journals: dict[Address, list[PartitionBatch]],
    *,
    batches_a_save: int = 10**6,
    rows_kept: int = 1_000,
    forgets: bool = False,
) -> Tables:
    tables = Tables()
    for address, journal in journals.items():
        store = MemoryViewStore(tables, str(address))
        projection = PartitionProjection(address, topology, store, rows_kept=rows_kept)
        for batch in journal:
            projection.project(batch)
            if batch.number % batches_a_save == 0:
                store.save(projection.take())
                if forgets:
                    projection = PartitionProjection(address, topology, store, rows_kept=rows_kept)
        store.save(projection.take())
    return tables


def told(tables: Tables) -> dict[str, Any]:
    """Return the tables without numbers of events: trades count from 1 in each stock, transfers have none."""
    places: dict[int, int] = {0: 0}
    trades: dict[int, int] = defaultdict(int)
    for number, maker in sorted(tables.executions):
        if not maker:
            stock = tables.executions[number, maker].stock
            trades[stock] += 1
            places[number] = trades[stock]
    shares = {row.stock: row.shares for row in tables.stocks.values()}
    for (stock, _), count in tables.shares.items():
        shares[stock] += count
    transfers: dict[int, list[Any]] = defaultdict(list)
    for number in sorted(tables.transfers):
        row = tables.transfers[number]
        transfers[row.account].append(msgspec.structs.replace(row, id=0))
    return {
        "orders": {
            number: msgspec.structs.replace(row, sole_trade=places[row.sole_trade])
            for number, row in tables.orders.items()
        },
        "executions": {
            (row.stock, places[row.trade], row.maker): msgspec.structs.replace(row, trade=0)
            for row in tables.executions.values()
        },
        "transfers": dict(transfers),
        "balances": tables.balances,
        "holdings": tables.holdings,
        "stocks": {
            number: msgspec.structs.replace(row, shares=shares[number])
            for number, row in tables.stocks.items()
        },
        "candles": tables.candles,
        "levels": tables.levels,
        "commands": tables.commands,
    }


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_streams_tell_what_one_stream_tells(scenario: str) -> None:
    for seed in range(3):
        trial = followed(scenario, seed)
        whole = told(tables_of_whole(trial))
        parts = told(tables_of_parts(trial.parts.topology, trial.parts.journals))
        for table, rows in whole.items():
            assert parts[table] == rows, table
        assert whole["executions"]
        assert whole["holdings"]


@pytest.mark.parametrize("size", [3, 10**6])
def test_rows_do_not_depend_on_which_inputs_came_together(size: int) -> None:
    trial = followed("everyday")
    topology = trial.parts.topology
    joined = {address: trial.parts.joined(address, size) for address in topology.addresses()}
    one, other = tables_of_parts(topology, trial.parts.journals), tables_of_parts(topology, joined)
    one.positions = other.positions = {}
    assert vars(one) == vars(other)


@pytest.mark.parametrize("rows_kept", [0, 5])
@pytest.mark.parametrize("forgets", [False, True])
def test_rows_do_not_depend_on_saves_memory_or_restarts(*, rows_kept: int, forgets: bool) -> None:
    trial = followed("waiting", 1)
    topology, journals = trial.parts.topology, trial.parts.journals
    often = tables_of_parts(topology, journals, batches_a_save=3, rows_kept=rows_kept, forgets=forgets)
    assert vars(often) == vars(tables_of_parts(topology, journals))


def test_a_grant_between_two_sales_dilutes_the_cost_of_the_second_only() -> None:
    """All three come to the seller's ledger in one batch: two sales to others, who asked their own ledger."""
    topology = Topology(2, 1)
    trial = JournaledTrial(topology)
    seller, other = (next(n for n in range(1, 99) if topology.ledger_of(n).number == k) for k in (0, 1))
    trial.send([commands.list_stock(1, 100), commands.open_account(seller), commands.open_account(other)])
    trial.send([commands.deposit(account, 10**6) for account in (seller, other)])
    trial.send([commands.grant_shares(other, 1, 10), commands.place_order(other, 1, Side.SELL, 10, 1_000)])
    trial.send([commands.place_order(seller, 1, Side.BUY, 10, 1_000)])
    trial.send([commands.place_order(seller, 1, Side.SELL, 2, 2_000)])
    trial.send([commands.place_order(other, 1, Side.BUY, 1, 2_000), commands.grant_shares(seller, 1, 9)])
    trial.send([commands.place_order(other, 1, Side.BUY, 1, 2_000)])
    journals = {address: trial.parts.joined(address, 10**6) for address in topology.addresses()}
    assert len(journals[Address(Room.LEDGER, 0)][-1].inputs) >= 3
    holding = tables_of_parts(topology, journals).holdings[seller, 1]
    assert (holding.free, holding.cost, holding.realised) == (17, 8_500, 1_000 + 1_500)


def test_the_audit_names_the_actor_of_what_goes_round_and_of_what_a_book_denies() -> None:
    trial = JournaledTrial(Topology(2, 2))
    trial.fitted = lambda command: command  # type: ignore[method-assign]
    trial.send([commands.list_stock(1, 100, actor=7), commands.halt_stock(1, actor=8)])
    trial.send([commands.list_stock(1, 100, actor=9), commands.open_account(3, actor=7)])
    trial.send([commands.deposit(3, 10**6), commands.resume_stock(1, actor=8)])
    trial.send([commands.place_order(3, 1, Side.BUY, 1, 150, actor=3), commands.cancel_order(3, 77, actor=3)])
    trial.send([commands.place_order(3, 1, Side.BUY, 1, 100, time_in_force=TimeInForce.FOK, actor=3)])
    rows = tables_of_parts(trial.parts.topology, trial.parts.journals).commands.values()
    assert {(row.sequence, row.kind, row.actor, row.reason) for row in rows} == {
        (1, "list_stock", 7, Reason.NONE),
        (2, "halt_stock", 8, Reason.NONE),
        (3, "list_stock", 9, Reason.STOCK_EXISTS),
        (4, "open_account", 7, Reason.NONE),
        (5, "deposit", 0, Reason.NONE),
        (6, "resume_stock", 8, Reason.NONE),
        (7, "place_order", 3, Reason.OFF_TICK),
        (8, "cancel_order", 3, Reason.ORDER_NOT_OPEN),
    }


def test_a_stream_refuses_a_batch_that_does_not_follow() -> None:
    trial = followed("everyday")
    address, journal = next(iter(trial.parts.journals.items()))
    projection = PartitionProjection(address, trial.parts.topology, MemoryViewStore(Tables(), "it"))
    with pytest.raises(ViewsDamaged, match=r"batch 2 of ledger\.0 cannot follow batch 0"):
        projection.project(journal[1])


def test_a_ledger_that_hears_of_a_trade_and_settles_none_is_refused() -> None:
    trial = followed("everyday")
    topology, journals = trial.parts.topology, trial.parts.journals
    for batch in journals[Address(Room.LEDGER, 0)]:
        journals[Address(Room.LEDGER, 0)][batch.number - 1] = msgspec.structs.replace(batch, outputs=())
    with pytest.raises(ViewsDamaged, match="settles none"):
        tables_of_parts(topology, journals)


def test_of_two_that_write_one_stream_the_second_is_refused() -> None:
    trial = followed("everyday")
    address, journal = next(iter(trial.parts.journals.items()))
    tables = Tables()
    stores = [MemoryViewStore(tables, "it"), MemoryViewStore(tables, "it")]
    projections = [PartitionProjection(address, trial.parts.topology, store) for store in stores]
    for projection in projections:
        projection.project(journal[0])
    stores[0].save(projections[0].take())
    with pytest.raises(ViewsFenced):
        stores[1].save(projections[1].take())
