"""Journals as the venue writes them, made of a flow of commands (``bench._flows``).

``python -m bench._journals FOLDER [COMMANDS] [BATCH]`` makes one of the mix and leaves it, for a profiler.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench._flows import Flow, cut, mix, told
from pricetime.ports import Batch
from pricetime.records.fields import COMMAND_BYTES
from pricetime.runtime.chain import link_of, seal
from pricetime.runtime.implementations import pick
from pricetime.runtime.snapshotting import snapshot_of
from pricetime.runtime.venue import Venue
from pricetime.services.folder import DataFolder

BATCH: Final = 1_000


def sealed(flow: Flow, batch: int) -> Iterator[tuple[Batch, Venue]]:
    """Yield a flow, its setup included, as batches in a chain, each with the venue after it."""
    venue, last = pick("auto")(), None
    for commands in cut(flow.setup + flow.commands, batch):
        last = seal(link_of(last), commands, venue.apply(commands))
        yield last, venue


def write(path: Path, flow: Flow, batch: int = BATCH, snapshot_before_end: int | None = None) -> int:
    """Write the journal of a flow into a data folder and return the sequence in which it ends.

    With ``snapshot_before_end`` there is a snapshot as well, of when at most so many were to come.
    """
    folder = DataFolder(path)
    folder.make()
    commands = (len(flow.setup) + len(flow.commands)) // COMMAND_BYTES
    snapshot_at = None if snapshot_before_end is None else commands - snapshot_before_end
    batches = sealed(flow, batch)
    with contextlib.closing(folder.journal_for_writing()) as journal:
        for _ in told("Journal", commands, batch):
            last, venue = next(batches)
            journal.append(last)
            if snapshot_at is not None and last.last_sequence >= snapshot_at:
                folder.snapshots().save(snapshot_of(venue, last.number, last.hash))
                snapshot_at = None
    return commands


if __name__ == "__main__":
    asked = [int(number) for number in sys.argv[2:]]
    write(Path(sys.argv[1]), mix(commands=asked[0] if asked else 1_000_000), *asked[1:2])
