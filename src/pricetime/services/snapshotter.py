"""The program that takes one snapshot of a venue: ``python -m pricetime.services.snapshotter DATA``.

The venue starts it beside itself (``runtime.snapshotting``), with less claim to the processor. It only
reads the journal, so it may run at any time and be killed at any time.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import Final

from pricetime.errors import PricetimeError
from pricetime.runtime.implementations import pick
from pricetime.runtime.snapshotting import take_snapshot
from pricetime.services.folder import DataFolder
from pricetime.settings import load

_NICENESS: Final = 10


def command_for(data: Path) -> list[str]:
    """Return the command line that takes a snapshot of the venue in the folder ``data``."""
    return [sys.executable, "-m", "pricetime.services.snapshotter", str(data)]


def main(arguments: list[str] | None = None) -> int:
    """Take a snapshot of the folder named; return 1 and say why where that cannot be."""
    folder = DataFolder(Path((sys.argv[1:] if arguments is None else arguments)[0]))
    os.nice(_NICENESS)
    try:
        with contextlib.closing(folder.journal()) as journal:
            take_snapshot(journal, folder.snapshots(), pick(load().core))
    except PricetimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
