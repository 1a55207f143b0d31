"""What stands where in a venue's data folder, and the storage adapter that opens each.

Adapters are picked in this room alone: storage here, the rest in ``wiring`` and ``offline``.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog

from pricetime.adapters.snapshot_files import SnapshotFiles
from pricetime.adapters.sqlite_accounts import SqliteAccounts
from pricetime.adapters.sqlite_journal import SqliteJournal
from pricetime.adapters.sqlite_view_check import SqliteViewCheck
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.errors import JournalError, SettingError

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The folder of one venue. Opening raises the adapters' errors, each of which says what to do."""

    path: Path

    def make(self) -> None:
        """Make the folder, for its owner alone, where there is none; SettingError where that cannot be."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise SettingError(f"data: {self.path} is no folder. Name another with --data.") from None
        except OSError as error:
            raise SettingError(
                f"data: {self.path} cannot be made: {error.strerror}. Name another with --data."
            ) from None

    @property
    def keys(self) -> Path:
        """The folder of the keys that sign tokens."""
        return self.path / "keys"

    def journal_for_writing(self) -> SqliteJournal:
        """Open the journal, made where there is none; JournalBusy where another process writes it."""
        return SqliteJournal.create(self.path / "journal.db")

    def journal(self) -> SqliteJournal:
        """Open the journal for reading; JournalError where there is none."""
        path = self.path / "journal.db"
        if not path.is_file():
            raise JournalError(f"There is no venue in the folder {self.path}. Name its folder with --data.")
        return SqliteJournal.open(path)

    def snapshots(self) -> SnapshotFiles:
        """Open the snapshots."""
        return SnapshotFiles(self.path / "snapshots")

    @contextlib.contextmanager
    def views_for_writing(self) -> Iterator[SqliteViewStore]:
        """Open the views for writing, made where there are none; wait while another process has them so."""
        with (self.path / "views.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _log.warning("another process still writes the views; this one waits", folder=str(self.path))
                fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.closing(SqliteViewStore(self.path / "views.db")) as store:
                yield store

    def has_views(self) -> bool:
        """Return whether there are views to read."""
        return (self.path / "views.db").is_file()

    def views(self) -> SqliteViews:
        """Open the views for reading."""
        return SqliteViews(self.path / "views.db")

    def views_check(self) -> SqliteViewCheck:
        """Open the views to be compared with what they should hold."""
        return SqliteViewCheck(self.path / "views.db")

    def accounts(self, **limits: int) -> SqliteAccounts:
        """Open the users, made where there are none, with ``SqliteAccounts``'s limits."""
        return SqliteAccounts(self.path / "accounts.db", **limits)
