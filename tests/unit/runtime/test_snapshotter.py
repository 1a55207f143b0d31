"""The program that takes snapshots beside a running venue."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from pricetime.adapters.snapshot_files import SnapshotFiles
from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.rules import Venue
from pricetime.runtime.recovery import recover
from pricetime.runtime.snapshotting import Snapshotting
from pricetime.services.snapshotter import command_for, main


@pytest.fixture
def journal(tmp_path):
    journal = SqliteJournal.create(tmp_path / "journal.db")
    yield journal
    journal.close()


async def test_it_takes_a_snapshot_while_the_venue_writes(fill, journal, tmp_path):
    await fill(journal, 5)
    snapshotting = Snapshotting(command_for(tmp_path), every=50, after=0)
    snapshotting.count(journal.last())
    async with asyncio.timeout(30):
        await asyncio.wait([snapshotting._run])
    assert (snapshotting.taken, snapshotting.failed) == (1, 0)
    [snapshot] = SnapshotFiles(tmp_path / "snapshots").newest_first()
    venue, last = recover(journal, None, Venue)
    assert (snapshot.batch_hash, snapshot.state_hash) == (last.hash, venue.state_hash())


async def test_it_refuses_a_journal_that_does_not_replay_and_says_where(fill, journal, tmp_path):
    await fill(journal, 5)
    journal._writer.execute("UPDATE batches SET time_ns = 1 WHERE number = 3")
    result = subprocess.run(command_for(tmp_path), capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith("batch 3 was changed")
    assert not (tmp_path / "snapshots").exists()


def test_without_a_journal_it_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("os.nice", lambda _: 0)
    assert main([str(tmp_path)]) == 1
    assert "There is no venue in the folder" in capsys.readouterr().err
    assert sys.executable == command_for(tmp_path)[0]
