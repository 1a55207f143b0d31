"""Notices: what a journaled batch tells to those who do not need all of it."""

from __future__ import annotations

from pricetime.ports import Notice, PartitionBatch
from pricetime.rules.partitions.routing import EVENTS, Address


def notice_of(batch: PartitionBatch) -> Notice:
    """Return the notice of a batch."""
    heard: dict[Address, int] = {}
    for message in batch.inputs:
        heard[message.source] = message.number  # those of a source are in order
    return Notice(
        batch.partition,
        batch.number,
        b"".join(message.records for message in batch.outputs if message.destination == EVENTS),
        tuple(heard.items()),
        tuple((each.destination, each.number) for each in batch.outputs if each.destination != EVENTS),
    )
