"""A restart: how long from nothing to a venue that could take orders, with a snapshot and without.

The journal holds the mix of the rules' benchmark, written as the sequencer writes it. The snapshot is as
old as it can be: one whole interval of commands must be replayed after it. Each restart is a process of
its own; its time includes the start of Python.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench._table import Result
from bench.rules import ACCOUNTS, STOCK, TICK, Program, chunks
from pricetime.adapters.snapshot_files import SnapshotFiles
from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.ports import Batch
from pricetime.records import Command
from pricetime.records.commands import deposit, grant_shares, list_stock, open_account
from pricetime.records.fields import COMMAND_BYTES
from pricetime.rules import Venue
from pricetime.runtime.chain import link_of, seal
from pricetime.runtime.snapshotting import snapshot_of
from pricetime.settings import Settings

COMMANDS = 1_000_000
BATCH = 500
RESTART = """
import sys
from pathlib import Path
from pricetime.adapters.snapshot_files import SnapshotFiles
from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.rules import Venue
from pricetime.runtime.recovery import recover
folder = Path(sys.argv[1])
snapshots = SnapshotFiles(folder / "snapshots") if sys.argv[2] == "snapshot" else None
journal = SqliteJournal.create(folder / "journal.db")
venue, last = recover(journal, snapshots, Venue)
print(venue.sequence)
"""


class Recorder(Program):
    """Writes what it applies into a journal, and keeps a snapshot at the right moment."""

    def __init__(self, folder: Path, snapshot_at: int) -> None:
        super().__init__(Venue(), seed=1)
        self.journal = SqliteJournal.create(folder / "journal.db")
        self.last: Batch | None = None
        self._snapshots = SnapshotFiles(folder / "snapshots")
        self._snapshot_at: int | None = snapshot_at
        self._events = b""

    def _follow(self, events: bytes) -> None:
        self._events = events
        super()._follow(events)

    def write(self, commands: list[Command]) -> None:
        packed = self.apply(commands)
        self.last = seal(link_of(self.last), packed, self._events)
        self.journal.append(self.last)
        if self._snapshot_at is not None and self.venue.sequence >= self._snapshot_at:
            self._snapshots.save(snapshot_of(self.venue, self.last.number, self.last.hash))
            self._snapshot_at = None


def record(folder: Path, commands: int, snapshot_at: int) -> None:
    recorder = Recorder(folder, snapshot_at)
    recorder.write([list_stock(STOCK, TICK)])
    for account in range(1, ACCOUNTS + 1):
        grant = grant_shares(account, STOCK, 10**11)
        recorder.write([open_account(account), deposit(account, 10**16), grant])
    for size in chunks(commands - recorder.venue.sequence, BATCH):
        recorder.write([recorder.mixed() for _ in range(size)])
    recorder.journal.close()


def restart_s(folder: Path, way: str, commands: int) -> float:
    """Return the seconds of one restart, ``way`` being "snapshot" or "replay"."""
    started = time.perf_counter()
    found = subprocess.run(
        [sys.executable, "-c", RESTART, str(folder), way], capture_output=True, text=True, check=True
    )
    seconds = time.perf_counter() - started
    assert int(found.stdout) == commands, "a restart has lost commands"
    return seconds


def main(commands: int = COMMANDS) -> list[Result]:
    interval = min(Settings().snapshot_every, commands // 2)
    with tempfile.TemporaryDirectory(prefix="pricetime-restart-") as name:
        folder = Path(name)
        record(folder, commands, commands - interval)
        journal_mb = (folder / "journal.db").stat().st_size / 1e6
        quick = min(restart_s(folder, "snapshot", commands) for _ in range(2))
        full = restart_s(folder, "replay", commands)
    return [
        Result(
            name="restart: with a snapshot",
            value=quick,
            unit="s",
            workload=(
                f"{commands:,} commands journaled ({journal_mb:,.0f} MB), {interval:,} after the snapshot"
            ),
            target=5,
            at_most=True,
            baseline=full,
            baseline_is="a replay of everything without a snapshot",
            more={"journal_bytes_per_command": journal_mb * 1e6 / commands, "record_bytes": COMMAND_BYTES},
        )
    ]


if __name__ == "__main__":
    for result in main(int(sys.argv[1]) if len(sys.argv) > 1 else COMMANDS):
        print(f"{result.name}: {result.value:.2f} {result.unit} (full replay {result.baseline:.2f} s)")
