"""The thread that keeps the views in step with the journal: exactly once, from wherever they are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.viewed_market import everything, journal_commands

from pricetime.adapters.memory import MemoryJournal
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.errors import ViewsDamaged
from pricetime.ports import Batch, ViewChanges
from pricetime.records import Side, commands
from pricetime.rules import Venue
from pricetime.views import Follower, rebuild

WAIT_S = 10.0
Extend = Callable[[int], Batch]


class Watch:
    """Remembers what progress was told, and waits for it."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self._changed = threading.Condition()

    def __call__(self, number: int) -> None:
        with self._changed:
            self.told.append(number)
            self._changed.notify_all()

    def wait_for(self, number: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.told) and self.told[-1] >= number, WAIT_S)


class World:
    """A journal that grows, a store, and followers that are stopped in the end."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "views.db"
        self.venue = Venue()
        self.journal = MemoryJournal()
        self.store = SqliteViewStore(self.path)
        self.watch = Watch()
        self._started: list[Follower] = []
        opening = [commands.list_stock(1, 100), commands.open_account(1), commands.open_account(2)]
        self.journal_batch(
            [*opening, commands.deposit(1, 10**9), commands.grant_shares(2, 1, 10**6)],
        )

    def journal_batch(self, program: list[commands.Command]) -> Batch:
        return journal_commands(self.venue, self.journal, program)

    def trade(self, batches: int) -> Batch:
        """Journal batches of a sell and a buy each, and return the last."""
        for _ in range(batches):
            sell = commands.place_order(2, 1, Side.SELL, 2, 100)
            last = self.journal_batch([sell, commands.place_order(1, 1, Side.BUY, 1, None)])
        return last

    def follow(self, **options: int) -> Follower:
        follower = Follower(self.journal, self.store, self.watch, **options)
        self._started.append(follower)
        follower.start()
        return follower

    def close(self) -> None:
        for follower in self._started:
            follower.stop()
        self.store.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def test_begins_with_what_the_journal_holds_and_goes_on_when_woken(world: World) -> None:
    world.trade(3)
    follower = world.follow()
    world.watch.wait_for(world.venue.event_number)
    world.trade(2)
    follower.wake()
    world.watch.wait_for(world.venue.event_number)
    assert len(world.store._reads.trades(1, limit=99)) == 5
    assert (follower.position, follower.lag, follower.is_alive()) == (world.venue.event_number, 0, True)


def test_tells_its_position_before_anything_is_new(world: World) -> None:
    rebuild(world.journal, world.store)
    world.follow()
    world.watch.wait_for(world.venue.event_number)
    assert world.watch.told == [world.venue.event_number]


def test_saves_once_the_limit_of_events_is_reached(world: World) -> None:
    world.trade(20)
    world.follow(batch_limit=50)
    world.watch.wait_for(world.venue.event_number)
    steps = [later - earlier for earlier, later in zip(world.watch.told, world.watch.told[1:], strict=False)]
    assert len(steps) > 2
    assert all(50 <= step < 100 for step in steps[:-1])


def test_goes_on_after_a_stop_without_losing_or_doubling(world: World) -> None:
    for _ in range(3):
        world.trade(3)
        world.follow().stop()
        world.trade(1)
    world.follow()
    world.watch.wait_for(world.venue.event_number)
    rows = everything(world.path)
    rebuild(world.journal, world.store)
    assert everything(world.path) == rows


def test_a_stop_is_heard_whenever_it_comes(world: World) -> None:
    follower = Follower(world.journal, world.store, world.watch)
    stopping = threading.Thread(target=follower.stop, daemon=True)
    cleared = threading.Event()

    class Woken(threading.Event):
        """The stop comes just before it is cleared."""

        def clear(self) -> None:
            if not cleared.is_set():
                stopping.start()
                assert self.wait(WAIT_S)
            super().clear()
            cleared.set()

    follower._woken = Woken()
    follower.start()
    assert cleared.wait(WAIT_S)
    stopping.join(WAIT_S)
    assert not follower.is_alive()


def test_knows_how_far_it_is_behind(world: World) -> None:
    follower = Follower(world.journal, world.store, world.watch)
    follower.wake(17)
    assert follower.lag == 17
    follower.wake()
    assert follower.lag == 17
    assert not follower.is_alive()
    follower.stop()


def test_throws_views_away_that_are_ahead_of_the_journal(world: World) -> None:
    world.trade(5)
    rebuild(world.journal, world.store)
    del world.journal.batches[3:]
    world.follow()
    world.watch.wait_for(world.journal.batches[-1].last_event)
    assert len(world.store._reads.trades(1, limit=99)) == 2


def test_throws_views_away_that_are_of_another_journal(world: World, tmp_path: Path) -> None:
    world.trade(5)
    rebuild(world.journal, world.store)
    other = World(tmp_path / "other")
    try:
        other.journal_batch([commands.deposit(1, 7)])
        other.trade(5)
        world.journal = other.journal
        world.follow()
        world.watch.wait_for(other.venue.event_number)
        assert world.store._reads.balance(1).free == 10**9 + 7 - 500
    finally:
        other.close()


class Failing:
    """A store that fails to save, ``times`` over."""

    def __init__(self, store: SqliteViewStore, error: Exception, times: int) -> None:
        self._store = store
        self._error = error
        self._times = times

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def save(self, changes: ViewChanges) -> None:
        self._times -= 1
        if self._times >= 0:
            raise self._error
        self._store.save(changes)


def test_makes_damaged_views_anew_at_once(world: World) -> None:
    world.trade(5)
    rebuild(world.journal, world.store)
    rows = everything(world.path)
    world.trade(1)
    follower = Follower(world.journal, Failing(world.store, ViewsDamaged(), 1), world.watch)  # type: ignore[arg-type]
    follower.start()
    world.watch.wait_for(world.venue.event_number)
    follower.stop()
    assert follower.failure is None
    assert len(everything(world.path)["orders"]) == len(rows["orders"]) + 2


@pytest.mark.parametrize(("error", "times"), [(OSError("no space left"), 1), (ViewsDamaged(), 2)])
def test_keeps_what_stopped_it(world: World, error: Exception, times: int) -> None:
    follower = Follower(world.journal, Failing(world.store, error, times), world.watch)  # type: ignore[arg-type]
    follower.start()
    follower._thread.join(WAIT_S)
    assert follower.failure is error
    assert not follower.is_alive()
    follower.stop()


def test_rebuild_tells_how_far_it_is_and_where_it_ends(world: World) -> None:
    world.trade(20)
    told: list[int] = []
    assert rebuild(world.journal, world.store, told.append, batch_limit=50) == world.venue.event_number
    assert told == sorted(told)
    assert told[-1] == world.venue.event_number
    assert len(told) > 2


def test_rebuild_of_an_empty_journal_leaves_empty_views(world: World) -> None:
    assert rebuild(MemoryJournal(), world.store) == 0
    assert world.store.position() == 0


def test_readers_find_the_new_file_after_a_rebuild(world: World) -> None:
    world.trade(1)
    rebuild(world.journal, world.store)
    views = SqliteViews(world.path)
    assert views.position() == world.venue.event_number
    world.trade(1)
    assert views.position() < world.venue.event_number
    rebuild(world.journal, world.store)
    assert views.position() == world.venue.event_number
    views.close()
