"""The journal is verified in the background, and how that went is told."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.runtime.chain import Link, link_of
from pricetime.runtime.verification import Verification

BATCHES = 40


@pytest.fixture
async def journal(tmp_path: Path, fill: Callable[..., Any]) -> Any:
    written = SqliteJournal.create(tmp_path / "journal.db")
    await fill(written, BATCHES)
    yield written
    written.close()


def change(tmp_path: Path, sql: str, *values: Any) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as connection, connection:
        assert connection.execute(sql, values).rowcount > 0


async def ended(journal: SqliteJournal, head: Link) -> Verification:
    verification = Verification(journal, lambda: head)
    assert verification.start()
    assert not verification.start()
    while verification.state == "running":
        await asyncio.sleep(0)
    return verification


def told(verification: Verification) -> tuple[str, int, int]:
    return verification.state, verification.done, verification.total


async def test_a_journal_that_is_right_passes(journal: SqliteJournal):
    verification = await ended(journal, link_of(journal.last()))
    assert told(verification) == ("passed", BATCHES, BATCHES)
    assert verification.detail == "All 40 batches carry the hashes they should."
    assert verification.start()
    assert told(verification) == ("running", 0, BATCHES)
    await verification.stop()


async def test_an_empty_journal_passes(tmp_path: Path):
    with contextlib.closing(SqliteJournal.create(tmp_path / "empty.db")) as empty:
        assert told(await ended(empty, link_of(None))) == ("passed", 0, 0)


@pytest.mark.parametrize("column", ["commands", "events", "hash"])
async def test_a_changed_byte_fails_at_its_batch(journal: SqliteJournal, tmp_path: Path, column: str):
    head = link_of(journal.last())
    with contextlib.closing(sqlite3.connect(tmp_path / "journal.db")) as connection:
        [(blob,)] = connection.execute(f"SELECT {column} FROM batches WHERE number = 23")
    changed = blob[:20] + bytes([blob[20] ^ 1]) + blob[21:]
    change(tmp_path, f"UPDATE batches SET {column} = ? WHERE number = 23", changed)
    verification = await ended(journal, head)
    assert told(verification) == ("failed", 22, BATCHES)
    assert "batch 23 was changed" in verification.detail


async def test_batches_cut_off_the_end_are_missed(journal: SqliteJournal, tmp_path: Path):
    head = link_of(journal.last())
    change(tmp_path, "DELETE FROM batches WHERE number > 35")
    verification = await ended(journal, head)
    assert told(verification) == ("failed", 35, BATCHES)
    assert verification.detail == "batch 36 is missing at the end of the journal"


async def test_an_end_made_up_is_not_the_one_that_the_venue_wrote(journal: SqliteJournal):
    head = link_of(journal.last())._replace(hash=bytes(32))
    verification = await ended(journal, head)
    assert verification.state == "failed"
    assert verification.detail == "batch 40 is not the one that this venue wrote"
