"""Random programs of commands through the rules and the projection: the views show the venue's state."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.test_rules import OPENING, PROGRAMS
from tests.support.viewed_market import everything, journal_commands

from pricetime.adapters.memory import MemoryJournal
from pricetime.adapters.sqlite_view_check import SqliteViewCheck
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.records import Command
from pricetime.rules import Venue
from pricetime.runtime.check_views import differences
from pricetime.services.check_rows import RowsCheck
from pricetime.views import Projection

QUARTER_NS = 250_000_000


def journal_of(program: list[Command], size: int) -> tuple[Venue, MemoryJournal]:
    """Return a venue and its journal after a program in batches of ``size``, four batches a second."""
    venue, journal = Venue(), MemoryJournal()
    for start in range(0, len(program), size):
        journal_commands(venue, journal, program[start : start + size], (start // size + 1) * QUARTER_NS)
    return venue, journal


def project(journal: MemoryJournal, path: Path, batches_a_save: int, *, rows_kept: int, forget: bool) -> None:
    """Project a journal; with ``forget``, by a new projection after each save, as after a restart."""
    store = SqliteViewStore(path)
    projection = Projection(store, rows_kept=rows_kept)
    for batch in journal.batches:
        projection.project(batch)
        if batch.number % batches_a_save == 0:
            store.save(projection.take())
            if forget:
                projection = Projection(store, rows_kept=rows_kept)
    store.save(projection.take())
    store.close()


@settings(max_examples=100)
@given(PROGRAMS, st.integers(1, 7), st.integers(1, 9))
def test_the_views_show_the_venues_state(program: list[Command], size: int, batches_a_save: int) -> None:
    venue, journal = journal_of(OPENING + program, size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "views.db"
        project(journal, path, batches_a_save, rows_kept=1_000, forget=False)
        views = SqliteViews(path)
        assert list(differences(venue.snapshot(), views)) == []
        assert views.position() == venue.event_number
        views.close()


@settings(max_examples=60)
@given(PROGRAMS, st.integers(1, 7), st.integers(2, 9), st.integers(0, 5), st.booleans())
def test_rows_do_not_depend_on_saves_memory_or_restarts(
    program: list[Command], size: int, batches_a_save: int, rows_kept: int, forget: bool
) -> None:
    _, journal = journal_of(OPENING + program, size)
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first.db", Path(folder) / "second.db"
        project(journal, first, 10**6, rows_kept=10**6, forget=False)
        project(journal, second, batches_a_save, rows_kept=rows_kept, forget=forget)
        assert everything(first) == everything(second)


@settings(max_examples=60)
@given(PROGRAMS, st.integers(1, 7), st.integers(2, 9), st.integers(1, 50), st.booleans())
def test_the_check_of_rows_finds_those_right_that_were_projected(
    program: list[Command], size: int, batches_a_save: int, events_at_once: int, forget: bool
) -> None:
    _, journal = journal_of(OPENING + program, size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "views.db"
        project(journal, path, batches_a_save, rows_kept=5, forget=forget)
        with closing(SqliteViewCheck(path)) as held:
            check = RowsCheck(held, events_at_once=events_at_once)
            assert [finding for batch in journal.batches for finding in check.take_in(batch)] == []
