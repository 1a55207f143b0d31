"""`check`: silent where all is right, and a sentence that says where it breaks where it is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from pricetime.adapters.memory import MemoryJournal, MemorySnapshots
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.ports import Views
from pricetime.rules import Venue
from pricetime.runtime.chain import link_of, seal
from pricetime.runtime.check import check
from pricetime.runtime.recovery import recover
from pricetime.runtime.snapshotting import take_snapshot
from pricetime.views import Projection


@pytest.fixture
def views_of(tmp_path: Path) -> Iterator[Callable[..., Views]]:
    """Make views that hold a journal's first batches, changed afterwards by SQL statements."""
    opened: list[SqliteViews] = []

    def make(journal: MemoryJournal, batches: int, *damage: str) -> Views:
        path = tmp_path / "views.db"
        store = SqliteViewStore(path)
        projection = Projection(store)
        for batch in journal.batches[:batches]:
            projection.project(batch)
        store.save(projection.take())
        store.close()
        connection = sqlite3.connect(path)
        for statement in damage:
            assert connection.execute(statement).rowcount != 0, statement
        connection.commit()
        connection.close()
        opened.append(SqliteViews(path))
        return opened[-1]

    yield make
    for views in opened:
        views.close()


def part_of(journal: MemoryJournal, batches: int) -> MemoryJournal:
    part = MemoryJournal()
    part.batches = journal.batches[:batches]
    return part


def snapshots_of(journal: MemoryJournal, *batches: int) -> MemorySnapshots:
    kept = MemorySnapshots()
    for number in batches:
        take_snapshot(part_of(journal, number), kept, Venue)
    return kept


def findings(journal: MemoryJournal, snapshots: MemorySnapshots | None = None, views: Views | None = None):
    return list(check(journal, snapshots or MemorySnapshots(), views, Venue))


def test_nothing_is_wrong_with_an_empty_venue():
    assert findings(MemoryJournal()) == []


def test_nothing_is_wrong_with_a_venue_as_it_was_written(filled, views_of):
    assert findings(filled, snapshots_of(filled, 4, 8), views_of(filled, 10)) == []


def test_views_that_are_behind_are_compared_where_they_stand(filled, views_of):
    noted: list[str] = []
    views = views_of(filled, 6)
    assert list(check(filled, MemorySnapshots(), views, Venue, note=noted.append)) == []
    assert noted == []


def test_empty_views_are_noted_and_no_fault(filled, views_of):
    noted: list[str] = []
    views = views_of(filled, 0)
    assert list(check(filled, MemorySnapshots(), views, Venue, note=noted.append)) == []
    assert len(noted) == 1
    assert "empty" in noted[0]


def test_views_that_move_while_they_are_compared_are_noted_and_no_fault(filled, views_of):
    class Moving:
        """Views that a running venue writes: each look finds them one event further."""

        def __init__(self, views: Views) -> None:
            self._views, self._looks = views, 0

        def position(self) -> int:
            self._looks += 1
            return filled.batches[-1].last_event - 1 + min(self._looks, 3)

        def __getattr__(self, name: str) -> object:
            return getattr(self._views, name)

    noted: list[str] = []
    views = Moving(views_of(filled, 9))
    list(check(filled, MemorySnapshots(), views, Venue, note=noted.append))
    assert len(noted) == 1
    assert "stop the venue" in noted[0]


def test_what_the_storage_complains_about_comes_first(filled):
    found = list(check(filled, MemorySnapshots(), None, Venue, damage=["the file is damaged"]))
    assert found == ["the file is damaged"]


def test_progress_reaches_the_end(filled):
    steps: list[tuple[int, int]] = []
    list(
        check(filled, MemorySnapshots(), None, Venue, progress=lambda done, goal: steps.append((done, goal)))
    )
    assert steps[-1] == (100, 100)


def test_a_changed_batch_is_named_and_what_follows_is_not_trusted(filled):
    filled.batches[4] = msgspec.structs.replace(filled.batches[4], time_ns=1)
    assert findings(filled) == ["batch 5 was changed: its columns are not those of its records"]


def test_a_batch_forged_with_all_its_hashes_is_found_by_the_rules(filled):
    link = link_of(filled.batches[3])
    for at in range(4, 10):
        honest = filled.batches[at]
        events = bytearray(honest.events)
        if at == 4:
            events[80] ^= 1
        filled.batches[at] = seal(link, honest.commands, bytes(events))
        link = link_of(filled.batches[at])
    [finding] = findings(filled)
    assert finding.startswith("batch 5: its commands give other events than it holds, from event")


def test_a_lost_end_is_known_from_a_snapshot_and_from_the_views(filled, views_of):
    snapshots, views = snapshots_of(filled, 8), views_of(filled, 10)
    by_snapshot, by_views = findings(part_of(filled, 7), snapshots, views)
    assert by_snapshot == "batch 8 is missing, for there is a snapshot of batch 8"
    assert by_views.startswith("batch 8 is missing: the views hold event")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch_hash": bytes(32)}, "is of another journal"),
        ({"state_hash": bytes(32)}, "holds another state"),
        ({"state": b"junk"}, "cannot be restored"),
    ],
)
def test_a_snapshot_that_says_something_else_is_found(filled, change, said):
    [snapshot] = snapshots_of(filled, 8).newest_first()
    wrong = MemorySnapshots()
    wrong.save(msgspec.structs.replace(snapshot, **change))
    assert any(said in finding and "batch 8" in finding for finding in findings(filled, wrong))


def test_money_that_does_not_add_up_is_found(filled):
    class Leaking(Venue):
        def check(self) -> list[str]:
            self.clearing.ledger.accounts[1].free += 1
            return super().check()

    found = list(check(filled, MemorySnapshots(), None, Leaking))
    assert found
    assert all(finding.startswith("after batch 10: ") for finding in found)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("UPDATE balances SET free = free + 1 WHERE account = 2", "money of account 2"),
        ("DELETE FROM balances WHERE account = 2", "money of account 2"),
        (
            "UPDATE holdings SET held = held + 1 WHERE account = 3",
            "account 3: (free, held) shares of stock 1",
        ),
        ("DELETE FROM holdings WHERE account = 3", "account 3: (free, held) shares of stock 1"),
        ("UPDATE stocks SET last = last + 100", "stock 1"),
        ("DELETE FROM stocks", "stock 1"),
        ("UPDATE orders SET filled = filled + 1 WHERE reason = 0", "remaining) of order"),
        ("UPDATE orders SET reason = 0 WHERE reason = 1", "remaining) of order"),
        ("UPDATE orders SET price = price + 100 WHERE reason = 0", "remaining) of order"),
        ("UPDATE levels SET quantity = quantity + 1", "(shares, orders) at price"),
        ("DELETE FROM levels", "(shares, orders) at price"),
    ],
)
def test_views_that_say_something_else_are_found(filled, views_of, damage, said):
    assert any(said in finding for finding in findings(filled, None, views_of(filled, 10, damage)))


def test_views_that_stand_inside_a_batch_are_found(filled, views_of):
    class Askew:
        def __init__(self, views: Views) -> None:
            self._views = views

        def position(self) -> int:
            return filled.batches[5].last_event - 1

        def __getattr__(self, name: str) -> object:
            return getattr(self._views, name)

    [finding] = findings(filled, None, Askew(views_of(filled, 6)))
    assert "is not the end of a batch" in finding


def test_a_replay_of_what_was_checked_ends_where_the_check_did(filled):
    venue, last = recover(filled, None, Venue)
    assert (venue.check(), last.number) == ([], 10)
