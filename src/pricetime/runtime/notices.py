"""Notices: what a journaled batch tells to those who do not need all of it."""

from __future__ import annotations

from pricetime.ports import Notice, PartitionBatch
from pricetime.records.routing import EVENTS, Address


def told_by(batch: PartitionBatch) -> bytes:
    """Return the events of a batch that everybody is told."""
    return b"".join(output.records for output in batch.outputs if output.destination == EVENTS)


def notice_of(batch: PartitionBatch) -> Notice:
    """Return the notice of a batch."""
    heard: dict[Address, int] = {}
    for message in batch.inputs:
        heard[message.source] = message.number  # those of a source are in order
    return Notice(
        batch.partition,
        batch.number,
        told_by(batch),
        tuple(heard.items()),
        tuple((each.destination, each.number) for each in batch.outputs if each.destination != EVENTS),
    )
