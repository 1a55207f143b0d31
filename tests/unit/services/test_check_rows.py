"""The rows of the views in a folder against its journal: each of every table, stopped or running."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.viewed_market import journal_commands
from tests.unit.runtime.programs import opening, trading

from pricetime.adapters.memory import MemoryJournal
from pricetime.adapters.sqlite_view_check import SqliteViewCheck
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.records import commands as command
from pricetime.rules import Venue
from pricetime.services.check_rows import RowsCheck
from pricetime.services.folder import DataFolder
from pricetime.services.offline import check_venue, rebuild_views
from pricetime.settings import Settings
from pricetime.views import Projection

SECOND_NS = 1_000_000_000
AT = "the views are of another journal"


@pytest.fixture(scope="module")
def journal() -> MemoryJournal:
    """Ten batches of trading, a second each, with money that comes and goes, and commands that are denied."""
    venue, journal = Venue(), MemoryJournal()
    denied = [command.withdraw(1, 10**13), command.cancel_order(2, 999)]
    programs = [opening(), *(trading(10, seed) for seed in range(8)), [command.withdraw(1, 5), *denied]]
    for number, program in enumerate(programs, start=1):
        journal_commands(venue, journal, program, number * SECOND_NS)
    return journal


@pytest.fixture
def folder(tmp_path: Path, journal: MemoryJournal) -> Path:
    """A folder with the journal and its views."""
    with contextlib.closing(DataFolder(tmp_path).journal_for_writing()) as written:
        for batch in journal.batches:
            written.append(batch)
    rebuild_views(Settings(data=str(tmp_path)), lambda _done, _goal: None)
    return tmp_path


def harm(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement
        connection.commit()


def findings(folder: Path, notes: list[str] | None = None) -> list[str]:
    kept = [] if notes is None else notes
    return list(check_venue(Settings(data=str(folder)), lambda _done, _goal: None, kept.append))


def test_views_as_they_were_made_are_right(folder: Path) -> None:
    notes: list[str] = []
    assert (findings(folder, notes), notes) == ([], [])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE executions SET price = price * 2, amount = amount * 2", "executions: "),
        ("UPDATE executions SET fee = 7 WHERE id = (SELECT max(id) FROM executions)", "executions: 1 rows"),
        ("UPDATE orders SET filled = 1, value = 1 WHERE reason <> 0", "orders: "),
        ("UPDATE orders SET client_id = 'AAAAAAAAAAAAAAAAAAAAAQ=='", "orders: "),
        ("UPDATE orders SET updated_ns = updated_ns + 1 WHERE reason = 0", "orders: "),
        ("UPDATE orders SET client_id = 'x', side = NULL", "orders: "),
        ("DELETE FROM transfers", "transfers: 4 rows"),
        ("DELETE FROM transfers", "transfers: the views hold 0 rows, the journal gives 4"),
        ("INSERT INTO transfers VALUES (1, 1, 'deposit', 5, 5)", "transfers: the views hold 5 rows"),
        ("UPDATE balances SET held = held + 1", "balances: 3 rows"),
        ("UPDATE holdings SET cost = cost + 1", "holdings: 3 rows"),
        ("UPDATE holdings SET realised = 7777777 WHERE account = 2", "holdings: 1 rows"),
        ("UPDATE stocks SET day_high = day_high + 1", "stocks: 1 rows"),
        ("UPDATE candles SET high = high * 9", "candles: "),
        ("INSERT INTO candles VALUES (1, 1, 0, 1, 1, 1, 1, 1, 1)", "candles: the views hold "),
        ("UPDATE levels SET quantity = NULL", "levels: "),
        ("UPDATE levels SET orders = orders + 1", "levels: "),
        ("DELETE FROM commands", "commands: "),
        ("UPDATE commands SET reason = 0 WHERE reason <> 0", "commands: 2 rows"),
        ("UPDATE moments SET event = event + 1 WHERE second = 3", "moments: 1 rows"),
        ("UPDATE meta SET value = hex(zeroblob(32)) WHERE name = 'batch_hash'", AT),
    ],
)
def test_rows_that_say_something_else_are_found(folder: Path, damage: str, said: str) -> None:
    harm(folder / "views.db", damage)
    assert any(finding.startswith(said) for finding in findings(folder))


def test_the_first_row_that_differs_is_named(folder: Path) -> None:
    harm(
        folder / "views.db", "UPDATE commands SET account = account + 1 WHERE sequence >= 3 AND sequence < 6"
    )
    [finding] = findings(folder)
    assert finding == (
        "commands: 3 rows of the views are not what the journal gives; "
        "the first: sequence 3: the views hold account 2, the journal 1"
    )


def test_views_of_another_version_are_noted_and_not_compared(folder: Path) -> None:
    harm(folder / "views.db", "DELETE FROM commands", "DELETE FROM orders")
    with contextlib.closing(sqlite3.connect(folder / "views.db")) as connection:
        connection.execute("PRAGMA user_version = 1")
    notes: list[str] = []
    assert findings(folder, notes) == []
    [note] = notes
    assert "another version" in note


class Running:
    """Views that are written while they are compared."""

    def __init__(self, path: Path, journal: MemoryJournal) -> None:
        self.path = path
        self._journal = journal
        self._store = SqliteViewStore(path)
        self._projection = Projection(self._store)

    def go_on(self, until: int) -> None:
        for batch in self._journal.batches[self._projection.position.batch : until]:
            self._projection.project(batch)
            self._store.save(self._projection.take())

    def close(self) -> None:
        self._store.close()


@pytest.fixture
def running(tmp_path: Path, journal: MemoryJournal) -> Iterator[Running]:
    """Views of the first five batches."""
    with contextlib.closing(Running(tmp_path / "views.db", journal)) as running:
        running.go_on(5)
        yield running


@pytest.mark.parametrize("events_at_once", [1, 10**6])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE moments SET event = event", []),
        ("UPDATE moments SET event = 1 WHERE second = 8", ["moments: 1 rows"]),
        ("UPDATE stocks SET last = 1", ["stocks: 1 rows"]),
    ],
)
def test_views_that_go_on_are_compared_as_of_one_moment(
    running: Running, journal: MemoryJournal, events_at_once: int, damage: str, said: list[str]
) -> None:
    with contextlib.closing(SqliteViewCheck(running.path)) as held:
        check = RowsCheck(held, events_at_once=events_at_once)
        found = [finding for batch in journal.batches[:4] for finding in check.take_in(batch)]
        running.go_on(8)
        harm(running.path, damage)
        found += check.take_in(journal.batches[4])  # from here on it is as of this moment
        running.go_on(10)
        harm(running.path, "DELETE FROM executions", "UPDATE balances SET free = 0")
        found += [finding for batch in journal.batches[5:] for finding in check.take_in(batch)]
    assert [finding.partition(" of the views")[0] for finding in found] == said


def test_views_that_are_behind_are_compared_where_they_stand(
    running: Running, journal: MemoryJournal
) -> None:
    with contextlib.closing(SqliteViewCheck(running.path)) as held:
        check = RowsCheck(held)
        assert [finding for batch in journal.batches for finding in check.take_in(batch)] == []
    harm(running.path, "UPDATE balances SET free = 0")
    with contextlib.closing(SqliteViewCheck(running.path)) as held:
        check = RowsCheck(held)
        [found] = [finding for batch in journal.batches for finding in check.take_in(batch)]
    assert found.startswith("balances: 3 rows")


def test_empty_views_are_not_compared(tmp_path: Path, journal: MemoryJournal) -> None:
    SqliteViewStore(tmp_path / "views.db").close()
    with contextlib.closing(SqliteViewCheck(tmp_path / "views.db")) as held:
        check = RowsCheck(held)
        assert [finding for batch in journal.batches for finding in check.take_in(batch)] == []
