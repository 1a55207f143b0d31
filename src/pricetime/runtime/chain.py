"""The chain of hashes that makes a journal tamper-evident, and every test that a batch must pass.

Each batch carries the hash of the one before it inside its own, so a changed byte anywhere in the
records shows at its batch, and a batch that is missing, swapped or made up shows at the next one. The
columns beside the records (sequences, event number, time) are not hashed but compared with them.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final, NamedTuple

import numpy as np

from pricetime.errors import JournalTampered, JournalTorn
from pricetime.ports import Batch
from pricetime.records import COMMAND_BYTES, EVENT_BYTES
from pricetime.records.fields import COMMAND_DTYPE, EVENT_DTYPE

HASH_BYTES: Final = 32
_LENGTHS: Final = struct.Struct("<qqq")
_INTEGER: Final = struct.Struct("<q")


class Link(NamedTuple):
    """What a batch must follow on: the end of the chain so far."""

    number: int = 0
    sequence: int = 0
    event: int = 0
    time_ns: int = 0
    hash: bytes = bytes(HASH_BYTES)


START: Final = Link()
"""What the first batch follows on."""


def link_of(batch: Batch | None) -> Link:
    """Return the end of a chain whose newest batch is ``batch`` (None: an empty journal)."""
    if batch is None:
        return START
    return Link(batch.number, batch.last_sequence, batch.last_event, batch.time_ns, batch.hash)


def batch_hash(previous_hash: bytes, number: int, commands: bytes, events: bytes) -> bytes:
    """Return SHA-256 over the hash before, the number, both lengths, the commands and the events.

    Processors have instructions for it, and it costs more than anything else that is done to a record.
    """
    digest = hashlib.sha256(previous_hash)
    digest.update(_LENGTHS.pack(number, len(commands), len(events)))
    digest.update(commands)
    digest.update(events)
    return digest.digest()


def seal(after: Link, commands: bytes, events: bytes) -> Batch:
    """Return the batch of these stamped commands and their events that follows on ``after``."""
    number = after.number + 1
    last_command, last_event = len(commands) - COMMAND_BYTES, len(events) - EVENT_BYTES
    return Batch(
        number=number,
        first_sequence=_integer(commands, _SEQUENCE_AT),
        last_sequence=_integer(commands, last_command + _SEQUENCE_AT),
        last_event=_integer(events, last_event + _NUMBER_AT),
        time_ns=_integer(commands, last_command + _TIME_AT),
        commands=commands,
        events=events,
        previous_hash=after.hash,
        hash=batch_hash(after.hash, number, commands, events),
    )


def verify(batch: Batch, after: Link) -> Link:
    """Return the end of the chain with ``batch`` added; raise where it does not follow on ``after``.

    JournalTorn: a batch is missing or has not all its bytes. JournalTampered: it says something else
    than its hash. Both name the batch.
    """
    if not _is_whole(batch):
        raise JournalTorn(f"batch {batch.number} is not whole: its records or hashes have a wrong length")
    follow(batch, after)
    expected = seal(after, batch.commands, batch.events)
    if batch != expected or batch.first_sequence != after.sequence + 1:
        raise JournalTampered(_difference(batch, expected))
    return link_of(batch)


def follow(batch: Batch, after: Link) -> Link:
    """Return the end of the chain with an already verified batch added; raise where it does not follow on."""
    if batch.number != after.number + 1:
        raise JournalTorn(f"batch {after.number + 1} is missing; the next one found is batch {batch.number}")
    if batch.previous_hash != after.hash:
        raise JournalTampered(
            f"batch {batch.number} does not follow on batch {after.number}: the hashes differ"
        )
    return link_of(batch)


def _difference(batch: Batch, expected: Batch) -> str:
    if batch.hash != expected.hash:
        return f"batch {batch.number} was changed: its hash is not that of its records"
    return f"batch {batch.number} was changed: its columns are not those of its records"


def _is_whole(batch: Batch) -> bool:
    return (
        len(batch.commands) > 0
        and len(batch.events) > 0
        and len(batch.commands) % COMMAND_BYTES == 0
        and len(batch.events) % EVENT_BYTES == 0
        and len(batch.hash) == len(batch.previous_hash) == HASH_BYTES
    )


def _offset(dtype: np.dtype[np.void], name: str) -> int:
    assert dtype.fields is not None
    return int(dtype.fields[name][1])


_SEQUENCE_AT: Final = _offset(COMMAND_DTYPE, "sequence")
_TIME_AT: Final = _offset(COMMAND_DTYPE, "time_ns")
_NUMBER_AT: Final = _offset(EVENT_DTYPE, "number")


def _integer(records: bytes, offset: int) -> int:
    value: int = _INTEGER.unpack_from(records, offset)[0]
    return value
