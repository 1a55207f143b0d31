"""The chain of a partition's journal: each batch carries the hash of the one before, as in ``chain``."""

from __future__ import annotations

import hashlib

import msgspec

from pricetime.errors import JournalTampered, JournalTorn
from pricetime.ports import Message, PartitionBatch
from pricetime.records.routing import Address
from pricetime.runtime.chain import HASH_BYTES

_encode = msgspec.msgpack.Encoder().encode


class PartitionLink(msgspec.Struct, frozen=True):
    """What a batch must follow on: the end of the chain so far."""

    number: int = 0
    hash: bytes = bytes(HASH_BYTES)


def seal(
    after: PartitionLink, partition: Address, inputs: tuple[Message, ...], outputs: tuple[Message, ...]
) -> PartitionBatch:
    """Return the batch of these messages that follows on ``after``.

    Its hash is SHA-256 over the hash before and the MessagePack of partition, number, inputs and outputs, of
    which what they say counts.
    """
    number = after.number + 1
    said = [[message.said for message in messages] for messages in (inputs, outputs)]
    digest = hashlib.sha256(after.hash + _encode((partition, number, *said))).digest()
    return PartitionBatch(partition, number, inputs, outputs, after.hash, digest)


def verify(batch: PartitionBatch, after: PartitionLink) -> PartitionLink:
    """Return the end of the chain with ``batch`` added; JournalTorn or JournalTampered name it otherwise."""
    if batch.number != after.number + 1:
        raise JournalTorn(f"batch {after.number + 1} of {batch.partition} is missing")
    if batch != seal(after, batch.partition, batch.inputs, batch.outputs):
        raise JournalTampered(f"batch {batch.number} of {batch.partition} is not what was written")
    return PartitionLink(batch.number, batch.hash)
