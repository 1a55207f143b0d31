"""Journals and snapshots of partitions, counters and the topology of a venue, in MongoDB.

A batch is one document whose ``_id`` is partition and number. There is one of each ``_id``, and that is the
fence between hosts: an append is one command, and of two with one number the second fails.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec
import structlog
from pymongo import DESCENDING, ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from pricetime.adapters.mongo import Document, failing_as
from pricetime.adapters.mongo_schema import COUNTERS, JOURNAL, SNAPSHOT_CHUNKS, SNAPSHOTS, VENUE
from pricetime.adapters.packing import PACKING_ERRORS, packed, unpacked
from pricetime.errors import (
    DatabaseFailed,
    JournalFailed,
    JournalFenced,
    JournalTampered,
    SettingError,
    SnapshotError,
)
from pricetime.ports import Message, PartitionBatch, PartitionSnapshot
from pricetime.records.routing import Address, Topology

_Records = tuple[tuple[Message, ...], tuple[Message, ...]]

_PAGE_BYTES: Final = 33_554_432  # of batches read at once, after which a page ends early
_CHUNK_BYTES: Final = 8_388_608  # of a snapshot in a document, which may have 16 MB
_KEPT: Final = 2  # snapshots
_PACKED_FROM_BYTES: Final = 4_096  # below it, packing saves little
_UPSERT_TRIES: Final = 5
_TOPOLOGY: Final = "topology"

_log = structlog.get_logger(__name__)
_encode = msgspec.msgpack.Encoder().encode
_decode_records = msgspec.msgpack.Decoder(_Records).decode
_decode_snapshot = msgspec.msgpack.Decoder(PartitionSnapshot).decode


class MongoPartitionJournal:
    """``ports.PartitionJournal`` of one partition."""

    def __init__(self, database: AsyncDatabase[Document], address: Address) -> None:
        self._batches = database[JOURNAL]
        self._address = address

    async def append(self, batch: PartitionBatch) -> None:
        """Make a batch durable on a majority.

        JournalFenced where there is one of its number; JournalFailed where it may or may not be durable.
        """
        document = {
            "_id": _key(self._address, batch.number),
            "partition": str(self._address),
            "number": batch.number,
            "previous_hash": batch.previous_hash,
            "hash": batch.hash,
            "messages": packed(_encode((batch.inputs, batch.outputs)), _PACKED_FROM_BYTES),
        }
        with failing_as(JournalFailed):
            try:
                await self._batches.insert_one(document)
            except DuplicateKeyError as error:
                raise JournalFenced from error

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        """Return up to ``limit`` batches after a number, fewer where they are large; JournalTampered.

        They are asked for by name: followers ask each second, and the stand-in for MongoDB finds ranges by
        reading the whole collection.
        """
        batches: list[PartitionBatch] = []
        size = 0
        first = max(after, 0) + 1
        names = [_key(self._address, number) for number in range(first, first + limit)]
        wanted = {"_id": {"$in": names}}
        with failing_as(JournalFailed):
            async with self._batches.find(wanted, sort={"_id": 1}, limit=limit, batch_size=limit) as cursor:
                async for document in cursor:
                    batches.append(self._batch_of(document))
                    size += len(document["messages"])
                    if size > _PAGE_BYTES:
                        break
        return batches

    async def length(self) -> int:
        """Return the number of the newest batch; 0 where there is none."""
        wanted = {"_id": {"$gt": _key(self._address, 0), "$lt": _end(self._address)}}
        with failing_as(JournalFailed):
            newest = await self._batches.find_one(wanted, {"_id": 1}, sort={"_id": DESCENDING})
        return 0 if newest is None else int(newest["_id"].rpartition("/")[2])

    def _batch_of(self, document: Document) -> PartitionBatch:
        try:
            inputs, outputs = _decode_records(unpacked(document["messages"]))
            number, before, own = (document[name] for name in ("number", "previous_hash", "hash"))
        except (KeyError, TypeError, AttributeError, msgspec.MsgspecError, *PACKING_ERRORS) as error:
            raise JournalTampered(f"batch {document['_id']} is not what was written") from error
        return PartitionBatch(self._address, number, inputs, outputs, before, own)


class MongoPartitionSnapshots:
    """``ports.PartitionSnapshots`` of one partition: the newest two, each in as many documents as it needs.

    The parts are written first, then the document that names the snapshot; so one that is named is whole, or
    is damaged, which its digest shows.
    """

    def __init__(self, database: AsyncDatabase[Document], address: Address) -> None:
        self._snapshots = database[SNAPSHOTS]
        self._chunks = database[SNAPSHOT_CHUNKS]
        self._address = address

    async def save(self, snapshot: PartitionSnapshot) -> None:
        """Keep a snapshot, and drop all but the newest two; DatabaseFailed."""
        key = _key(self._address, snapshot.batch)
        content = await asyncio.to_thread(packed, _encode(snapshot), _PACKED_FROM_BYTES)
        digest = hashlib.sha256(content).digest()
        starts = range(0, len(content), _CHUNK_BYTES)
        named = {
            "partition": str(self._address),
            "batch": snapshot.batch,
            "chunks": len(starts),
            "digest": digest,
        }
        with failing_as(DatabaseFailed):
            for place, start in enumerate(starts):
                chunk = {"content": content[start : start + _CHUNK_BYTES]}
                await self._chunks.replace_one({"_id": _chunk_key(key, place)}, chunk, upsert=True)
            await self._snapshots.replace_one({"_id": key}, named, upsert=True)
            await self._drop_old()

    async def newest_first(self) -> Sequence[PartitionSnapshot]:
        """Return the readable snapshots; a damaged one is left out with a warning; DatabaseFailed."""
        found, damaged = await self.readable()
        for key, error in damaged.items():
            _log.warning("a snapshot is left out", snapshot=key, error=error)
        return found

    async def readable(self) -> tuple[list[PartitionSnapshot], dict[str, str]]:
        """Return the readable snapshots, newest first, and of those that are not, why; DatabaseFailed."""
        found: list[PartitionSnapshot] = []
        damaged: dict[str, str] = {}
        with failing_as(DatabaseFailed):
            for named in await self._named():
                try:
                    found.append(await self._read(named))
                except SnapshotError as error:
                    damaged[named["_id"]] = str(error)
        return found, damaged

    async def _read(self, named: Document) -> PartitionSnapshot:
        key = named["_id"]
        wanted = {"_id": {"$gte": _chunk_key(key, 0), "$lt": _chunk_key(key, named["chunks"])}}
        content = b"".join([chunk["content"] async for chunk in self._chunks.find(wanted, sort={"_id": 1})])
        if hashlib.sha256(content).digest() != named["digest"]:
            raise SnapshotError("its digest is not that of its content")
        try:
            return _decode_snapshot(await asyncio.to_thread(unpacked, content))
        except (msgspec.MsgspecError, *PACKING_ERRORS) as error:
            raise SnapshotError(f"its content cannot be read: {error}") from error

    async def _named(self) -> list[Document]:
        wanted = {"_id": {"$gte": _key(self._address, 0), "$lt": _end(self._address)}}
        return await self._snapshots.find(wanted, sort={"_id": DESCENDING}, limit=_KEPT).to_list()

    async def _drop_old(self) -> None:
        """Drop snapshots older than those kept, and parts that a killed host has left of such."""
        kept = await self._named()
        older = {"_id": {"$gte": _key(self._address, 0), "$lt": kept[-1]["_id"]}}
        await self._snapshots.delete_many(older)
        await self._chunks.delete_many(older)


class MongoNumbers:
    """``ports.Numbers``: counters that all processes share."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._counters = database[COUNTERS]

    async def next(self, name: str) -> int:
        """Return the next number of a counter, from 1; DatabaseFailed."""
        counter = await _upserted(self._counters, name, {"$inc": {"value": 1}})
        return int(counter["value"])


async def topology_of(database: AsyncDatabase[Document], wanted: Topology) -> Topology:
    """Return how many partitions the venue has, which is as wanted; SettingError where it began otherwise.

    The first process that asks decides.
    """
    document = await _upserted(database[VENUE], _TOPOLOGY, {"$setOnInsert": wanted._asdict()})
    stored = Topology(document["ledgers"], document["books"])
    if stored != wanted:
        raise SettingError(
            f"this venue has begun with {stored.ledgers} ledgers and {stored.books} books, and keeps them; "
            f"set ledgers={stored.ledgers} and books={stored.books}, or name another mongo_database"
        )
    return stored


async def stored_topology(database: AsyncDatabase[Document]) -> Topology | None:
    """Return how many partitions the venue has; None where there is no venue; DatabaseFailed."""
    with failing_as(DatabaseFailed):
        document = await database[VENUE].find_one({"_id": _TOPOLOGY})
    return None if document is None else Topology(document["ledgers"], document["books"])


async def _upserted(collection: AsyncCollection[Document], id_: str, update: Document) -> Document:
    """Update a document, or make it, and return it as it is then; DatabaseFailed.

    Where many make it at once, the server may refuse one as a duplicate, or tell nothing; then it is there.
    """
    with failing_as(DatabaseFailed):
        for _ in range(_UPSERT_TRIES):
            with suppress(DuplicateKeyError):
                found = await collection.find_one_and_update(
                    {"_id": id_}, update, upsert=True, return_document=ReturnDocument.AFTER
                )
                if found is not None:
                    return found
    raise DatabaseFailed(f"MongoDB neither found nor made {id_!r} in {collection.name}")


def _key(address: Address, number: int) -> str:
    """Return the ``_id`` of a partition's batch or snapshot; those of a partition sort by number."""
    return f"{address}/{number:020}"


def _end(address: Address) -> str:
    return f"{address}/~"  # after all digits


def _chunk_key(key: str, place: int) -> str:
    return f"{key}/{place:06}"
