"""The views in SQLite: pages and cursors, plans without scans, threads, damage and formats."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.support.viewed_market import ViewedMarket, everything

from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.adapters.sqlite_views_schema import FORMAT
from pricetime.errors import ViewsBehind, ViewsDamaged
from pricetime.ports import (
    Balance,
    CommandRow,
    DepthLevel,
    ExecutionRow,
    OrderRow,
    ViewChanges,
    ViewPosition,
    Views,
    ViewStore,
    WalletRow,
)
from pricetime.records import OrderType, Reason, Side, TimeInForce, commands

HUGE = 10**30
QUERIES: dict[str, Callable[[SqliteViews], Any]] = {
    "position": lambda views: views.position(),
    "checkpoint": lambda views: views.checkpoint(),
    "order": lambda views: views.order(5),
    "order by client id": lambda views: views.order_by_client_id(1, b"c" * 16),
    "orders": lambda views: views.orders(1, limit=9),
    "orders below a cursor": lambda views: views.orders(1, before=50, limit=9),
    "orders in a stock": lambda views: views.orders(1, stock=1, limit=9),
    "open orders": lambda views: views.orders(1, open_only=True, limit=9),
    "open orders in a stock": lambda views: views.orders(1, stock=1, open_only=True, before=9, limit=9),
    "orders oldest first": lambda views: views.orders_oldest_first(1, limit=9),
    "executions of an order": lambda views: views.executions_of(5, limit=9),
    "executions": lambda views: views.executions(1, limit=9),
    "executions in a stock": lambda views: views.executions(1, stock=1, before=50, limit=9),
    "executions oldest first": lambda views: views.executions_oldest_first(1, limit=9),
    "wallet rows": lambda views: views.wallet_rows(1, limit=9),
    "wallet trades": lambda views: views.wallet_trades_oldest_first(1, limit=9),
    "statement": lambda views: views.statement(1, 0, 2**62, limit=9),
    "balance": lambda views: views.balance(1),
    "holdings": lambda views: views.holdings(1),
    "holding": lambda views: views.holding(1, 1),
    "stock": lambda views: views.stock(1),
    "depth": lambda views: views.depth(1, 9),
    "level": lambda views: views.level(1, 1, 100),
    "trades": lambda views: views.trades(1, before=50, limit=9),
    "candles": lambda views: views.candles(1, 60, 0, 2**62, limit=9),
    "audit": lambda views: views.audit(limit=9),
    "audit of an account": lambda views: views.audit(account=1, limit=9),
    "audit of a kind": lambda views: views.audit(kind="deposit", before=9, limit=9),
    "audit of an account and kind": lambda views: views.audit(account=1, kind="deposit", limit=9),
    "audit of a span": lambda views: views.audit(start_ns=1, end_ns=2**62, limit=9),
    "changes of wealth": lambda views: views.wealth_changes(1, 60, 1, limit=9),
    "denials": lambda views: views.audit(denied_only=True, limit=9),
    "denials of an account": lambda views: views.audit(denied_only=True, account=1, limit=9),
    "denials of a kind": lambda views: views.audit(denied_only=True, kind="deposit", limit=9),
    "denials of an account and kind": lambda views: views.audit(
        denied_only=True, account=1, kind="deposit", before=9, limit=9
    ),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "views.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteViewStore]:
    store = SqliteViewStore(path)
    yield store
    store.close()


@pytest.fixture
def views(store: SqliteViewStore, path: Path) -> Iterator[SqliteViews]:
    views = SqliteViews(path)
    yield views
    views.close()


def order_row(order: int, account: int = 1, stock: int = 1, *, is_open: bool = False) -> OrderRow:
    return OrderRow(
        order=order,
        account=account,
        stock=stock,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        post_only=order % 2 == 0,
        cut=order % 3 == 0,
        price=100,
        quantity=10,
        filled=0,
        value=0,
        status="open" if is_open else "cancelled",
        reason=Reason.NONE if is_open else Reason.CANCELLED,
        executions=0,
        sole_trade=0,
        client_id=order.to_bytes(16, "big"),
        created_ns=order,
        updated_ns=order,
    )


def execution_row(trade: int, account: int = 1, order: int = 5, stock: int = 1) -> ExecutionRow:
    return ExecutionRow(
        trade, account, order, stock, Side.SELL, OrderType.MARKET, 100, 2, 200, 0, False, True, trade
    )


def position(batch: int) -> ViewPosition:
    return ViewPosition(batch, bytes([batch]) * 32, batch * 10)


def save(store: SqliteViewStore, **changes: Any) -> None:
    store.save(ViewChanges(position=position(1), **changes))


def test_it_is_what_the_ports_ask_for(store: SqliteViewStore, views: SqliteViews) -> None:
    reads: Views = views
    writes: ViewStore = store
    assert (reads.position(), writes.checkpoint()) == (0, ViewPosition())


def test_the_checkpoint_is_saved_with_the_rows(store: SqliteViewStore, views: SqliteViews) -> None:
    store.save(ViewChanges(position=position(3), balances={1: Balance(5, 6)}))
    assert (views.checkpoint(), views.position()) == (position(3), 30)
    assert views.balance(1) == Balance(5, 6)


def test_a_failed_save_changes_nothing(store: SqliteViewStore, views: SqliteViews) -> None:
    save(store, balances={1: Balance(5, 6)})
    with pytest.raises(OverflowError):
        store.save(ViewChanges(position=position(2), balances={1: Balance(7, 8), 2: Balance(HUGE, 0)}))
    assert (views.checkpoint(), views.balance(1)) == (position(1), Balance(5, 6))
    store.save(ViewChanges(position=position(2), balances={1: Balance(7, 8)}))
    assert (views.checkpoint(), views.balance(1)) == (position(2), Balance(7, 8))


def test_rows_come_back_as_they_were_saved(store: SqliteViewStore, views: SqliteViews) -> None:
    orders = [order_row(number) for number in range(1, 7)]
    executions = [execution_row(trade) for trade in range(1, 4)]
    audit = [CommandRow(1, 2, 3, 4, "deposit", 5, 6, 7, 8, Reason.INVALID_AMOUNT)]
    save(store, orders=orders, executions=executions, commands=audit)
    assert [views.order(row.order) for row in orders] == orders
    assert views.executions_of(5, limit=9) == executions
    assert views.audit(limit=9) == audit


def test_what_is_no_row_is_damage(path: Path, store: SqliteViewStore, views: SqliteViews) -> None:
    save(store, orders=[order_row(1)], levels={(1, 2, 100): DepthLevel(100, 1, 1)})
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE orders SET side = 7")
        connection.execute("UPDATE levels SET quantity = NULL")
    connection.close()
    for query in (lambda: views.order(1), lambda: views.depth(1, 9)):
        with pytest.raises(ViewsDamaged, match="no row"):
            query()


@pytest.mark.parametrize("count", [1, 2, 3, 511, 512, 513, 1_500])
def test_any_number_of_rows_is_saved_at_once(store: SqliteViewStore, views: SqliteViews, count: int) -> None:
    levels = {(1, 2, price): DepthLevel(price, price, 1) for price in range(1, count + 1)}
    save(store, orders=[order_row(number) for number in range(1, count + 1)], levels=levels)
    assert [row.order for row in views.orders_oldest_first(1, limit=9_999)] == [*range(1, count + 1)]
    assert views.depth(1, 9_999).asks == list(levels.values())
    save(store, levels={key: DepthLevel(key[2], 0, 0) for key in levels})
    assert views.depth(1, 9_999).asks == []


def test_pages_follow_each_other_without_gaps(store: SqliteViewStore, views: SqliteViews) -> None:
    orders = [
        order_row(number, account=1 + number % 2, stock=1 + number % 3, is_open=number % 5 == 0)
        for number in range(1, 61)
    ]
    save(store, orders=orders)
    for filters in ({}, {"stock": 2}, {"open_only": True}, {"stock": 1, "open_only": True}):
        expected = [
            row.order
            for row in reversed(orders)
            if row.account == 2
            and row.stock == filters.get("stock", row.stock)
            and (not filters.get("open_only") or row.reason is Reason.NONE)
        ]
        found: list[int] = []
        while page := views.orders(2, before=found[-1] if found else 0, limit=4, **filters):  # type: ignore[arg-type]
            found += [row.order for row in page]
        assert found == expected


def test_an_order_that_closes_leaves_the_open_ones(store: SqliteViewStore, views: SqliteViews) -> None:
    save(store, orders=[order_row(1, is_open=True), order_row(2, is_open=True)])
    save(store, orders=[order_row(1)])
    assert [row.order for row in views.orders(1, open_only=True, limit=9)] == [2]
    assert [row.order for row in views.orders(1, stock=1, open_only=True, limit=9)] == [2]
    assert [row.order for row in views.orders(1, limit=9)] == [2, 1]


def test_executions_are_paged_by_trade(store: SqliteViewStore, views: SqliteViews) -> None:
    save(store, executions=[execution_row(trade, stock=1 + trade % 2) for trade in range(1, 10)])
    assert [row.trade for row in views.executions(1, limit=3)] == [9, 8, 7]
    assert [row.trade for row in views.executions(1, before=7, limit=3)] == [6, 5, 4]
    assert [row.trade for row in views.executions(1, stock=2, before=7, limit=3)] == [5, 3, 1]
    assert [row.trade for row in views.executions_oldest_first(1, limit=2)] == [1, 2]


def test_wallet_rows_are_paged_by_event(store: SqliteViewStore, views: SqliteViews) -> None:
    transfers = [WalletRow(event, 1, "deposit", 5, 0, 0, False, event) for event in (2, 4)]
    save(store, executions=[execution_row(trade) for trade in (1, 3, 5)], transfers=transfers)
    assert [row.id for row in views.wallet_rows(1, limit=3)] == [5, 4, 3]
    assert [row.id for row in views.wallet_rows(1, before=3, limit=3)] == [2, 1]
    assert [row.kind for row in views.wallet_rows(1, before=3, limit=3)] == ["deposit", "sell"]
    assert views.wallet_rows(1, before=3, limit=1) == [transfers[0]]


def test_the_newest_order_of_a_client_id_is_found(store: SqliteViewStore, views: SqliteViews) -> None:
    rows = [order_row(number) for number in (1, 2)]
    same = [OrderRow(**{**_fields(row), "client_id": b"\xff" * 16}) for row in rows]
    save(store, orders=same)
    assert views.order_by_client_id(1, b"\xff" * 16) == same[1]
    assert views.order_by_client_id(2, b"\xff" * 16) is None
    assert views.order_by_client_id(1, b"\xfe" * 16) is None


def _fields(row: OrderRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__struct_fields__}


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_scans_or_sorts_more_than_it_returns(name: str, views: SqliteViews) -> None:
    ran: list[str] = []
    views.position()
    connection = views._local.connection
    connection.set_trace_callback(ran.append)
    QUERIES[name](views)
    connection.set_trace_callback(None)
    assert ran
    for sql in ran:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
        # What a subquery returns is bounded by its own limit.
        bounded = ("SCAN (subquery", "SCAN CONSTANT ROW")
        assert [step for step in plan if step.startswith("SCAN") and not step.startswith(bounded)] == []
        sorts = {"wallet rows", "statement", "changes of wealth"}  # what their subqueries return
        assert name in sorts or not any("TEMP B-TREE" in step for step in plan), plan


def test_numbers_too_large_for_a_column_find_nothing(store: SqliteViewStore, views: SqliteViews) -> None:
    save(store, orders=[order_row(1)], executions=[execution_row(1)])
    assert views.order(HUGE) is None
    assert views.order(-HUGE) is None
    assert views.executions_of(HUGE, limit=9) == []
    assert views.orders(1, stock=HUGE, limit=9) == []
    assert [row.order for row in views.orders(1, before=HUGE, limit=9)] == [1]
    assert [row.trade for row in views.executions(1, before=HUGE, limit=9)] == [1]
    assert views.stock(HUGE) is None
    assert views.depth(HUGE, 9).bids == []
    assert views.trades(HUGE, limit=9) == []
    assert views.candles(HUGE, 60, -HUGE, HUGE, limit=9) == []
    assert len(views.statement(1, -HUGE, HUGE, limit=9)) == 1


def test_long_lists_come_whole(store: SqliteViewStore, views: SqliteViews) -> None:
    save(store, orders=[order_row(number) for number in range(1, 20_001)])
    assert len(views.orders_oldest_first(1, limit=100_000)) == 20_000


def test_threads_read_while_the_store_writes(store: SqliteViewStore, views: SqliteViews) -> None:
    save(store, orders=[order_row(0)])

    def read(_: int) -> bool:
        numbers = [row.order for row in views.orders_oldest_first(1, limit=9_999)]
        return numbers == [*range(len(numbers))] and len(numbers) % 10 == 1

    with ThreadPoolExecutor(4) as pool:
        reads = pool.map(read, range(200))
        for start in range(1, 401, 10):
            save(store, orders=[order_row(number) for number in range(start, start + 10)])
        assert all(reads)


class TestAFileThatCannotBeUsed:
    def fill(self, path: Path) -> None:
        store = SqliteViewStore(path)
        save(store, orders=[order_row(number) for number in range(1, 2_000)])
        store.close()

    def test_of_another_format_is_replaced(self, path: Path) -> None:
        self.fill(path)
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
        connection.close()
        store = SqliteViewStore(path)
        assert (store.position(), store.order(5)) == (0, None)
        store.close()

    def test_of_this_format_is_kept(self, path: Path) -> None:
        self.fill(path)
        store = SqliteViewStore(path)
        assert (store.checkpoint(), store.order(5)) == (position(1), order_row(5))
        store.close()

    @pytest.mark.parametrize("content", [b"no database" * 1_000, b"SQLite format 3\0" + b"\xff" * 5_000])
    def test_that_is_no_database_is_replaced(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        store = SqliteViewStore(path)
        assert store.position() == 0
        store.close()

    def test_that_holds_garbage_is_damage_to_whoever_meets_it(self, path: Path) -> None:
        self.fill(path)
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.seek(size // 2)  # beyond the tables of tables
            file.write(b"\xff" * (size // 2))
        store = SqliteViewStore(path)
        with pytest.raises(ViewsDamaged):
            save(store, orders=[order_row(number) for number in range(1, 2_000)])
        with pytest.raises(ViewsDamaged):
            store._reads.orders_oldest_first(1, limit=9_999)
        store.clear()
        save(store, orders=[order_row(1)])
        assert store.order(1) == order_row(1)
        store.close()

    def test_that_is_missing_is_no_damage_to_a_reader(self, path: Path) -> None:
        views = SqliteViews(path)
        with pytest.raises(ViewsBehind, match="cannot be read"):
            views.position()
        views.close()


def test_closing_twice_is_harmless(path: Path) -> None:
    store = SqliteViewStore(path)
    store.close()
    store.close()


def test_every_row_of_a_market_is_in_some_table(tmp_path: Path) -> None:
    market = ViewedMarket(tmp_path)
    market.person("ann", cash="100", shares=5)
    market.person("bob", cash="100")
    market.sell("ann", 2, "10.00")
    market.buy("bob", 1)
    market.send(commands.halt_stock(1))
    counts = {table: len(rows) for table, rows in everything(market.path).items()}
    market.close()
    assert counts == {
        "meta": 3,
        "orders": 2,
        "executions": 2,
        "transfers": 2,
        "balances": 2,
        "holdings": 2,
        "stocks": 1,
        "candles": 9,
        "levels": 1,
        "commands": 7,
        "moments": 1,
    }
