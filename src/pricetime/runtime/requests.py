"""Which requests commands came with, on their way from part to part: for logs alone.

All that a command causes bears its sequence. So a part remembers the requests of the sequences that it has
heard of lately, and names them on what it sends. No rule depends on it, and no hash holds it: what is
forgotten, or comes from a part that names nothing, is a line in a log that says less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import structlog

from pricetime.ports import Message, PartitionBatch
from pricetime.records import command_array, event_array
from pricetime.records.routing import EVENTS, Room

_log = structlog.get_logger(__name__)


class Requests:
    """The requests of the sequences that were heard of last: of ``limit`` about, of half as many surely."""

    def __init__(self, limit: int) -> None:
        self._newest: dict[int, str] = {}
        self._before: dict[int, str] = {}
        self._half = limit // 2

    def hear(self, messages: Iterable[Message]) -> None:
        """Remember what messages name."""
        for message in messages:
            for request, sequences in message.requests:
                self._newest.update(dict.fromkeys(sequences, request))
        if len(self._newest) > self._half:  # forgetting one by one would cost more than all the rest
            self._before, self._newest = self._newest, {}

    def named(self, messages: Iterable[Message]) -> list[Message]:
        """Return what a partition sends with the requests that the records go back to.

        What is for everybody stands in the journal, where its inputs name them.
        """
        return [
            each if each.destination == EVENTS else msgspec.structs.replace(each, requests=self._behind(each))
            for each in messages
        ]

    def _behind(self, message: Message) -> tuple[tuple[str, tuple[int, ...]], ...]:
        array = (event_array if message.source.room == Room.BOOK else command_array)(message.records)
        return grouped((sequence, self._request_of(sequence)) for sequence in array["sequence"].tolist())

    def _request_of(self, sequence: int) -> str:
        return self._newest.get(sequence) or self._before.get(sequence, "")


def grouped(named: Iterable[tuple[int, str]]) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return sequences by their requests, in order; those of no request are left out."""
    together: dict[str, dict[int, None]] = {}
    for sequence, request in named:
        if request:
            together.setdefault(request, {})[sequence] = None
    return tuple((request, tuple(sequences)) for request, sequences in together.items())


def requests_of(batches: Sequence[PartitionBatch]) -> list[str]:
    """Return the requests that came in with batches, each once."""
    named = (request for batch in batches for message in batch.inputs for request, _ in message.requests)
    return list(dict.fromkeys(named))


def log_requests(what: str, batches: Sequence[PartitionBatch]) -> None:
    """Log what has become of batches of one partition, where requests came in with them."""
    if requests := requests_of(batches):
        newest = batches[-1]
        _log.info(what, partition=str(newest.partition), batch=newest.number, request_ids=requests)
