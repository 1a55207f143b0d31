"""The connections of a process to MongoDB: one for the event loop, one for threads, with the same options.

What is written is durable on a majority of the replica set, in their logs, before a write returns; what is
read is so too, from the primary. So nothing is seen that could be lost. Every operation is bounded in
time, retries included.

Writes are retried once by PyMongo where the connection is lost. A retry carries the session and the number of
the first try, by which the server answers with what that did; so none is done twice, and an insert does not
collide with itself.
"""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Self

from bson.codec_options import CodecOptions, TypeDecoder, TypeRegistry
from bson.errors import BSONError
from bson.int64 import Int64
from pymongo import AsyncMongoClient, IndexModel, MongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.database import Database
from pymongo.errors import OperationFailure, PyMongoError
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)
from pymongo.read_concern import ReadConcern

from pricetime.adapters.cancellation import heeding_cancellation
from pricetime.adapters.mongo_schema import COLLECTIONS, Index
from pricetime.adapters.mongo_views_schema import VIEW_COLLECTIONS
from pricetime.adapters.tls import Certificates
from pricetime.errors import DatabaseFailed, PricetimeError, SettingError
from pricetime.settings import Settings
from pricetime.telemetry import Metrics

Document = dict[str, Any]
EVERY_COLLECTION: Final = (*COLLECTIONS, *VIEW_COLLECTIONS)

_NAMESPACE_EXISTS: Final = 48
_SHOWN_LIMIT: Final = 300  # characters of a driver's message, which may describe the whole cluster


class _PlainIntegers(TypeDecoder):
    """Numbers of 64 bits come back as ``int``; PyMongo's own kind cannot be written as JSON."""

    bson_type = Int64

    def transform_bson(self, value: Any) -> int:
        """Return the number."""
        return int(value)


_OF_DATABASES: Final[dict[str, Any]] = {
    "codec_options": CodecOptions(type_registry=TypeRegistry([_PlainIntegers()])),
    "read_preference": ReadPreference.PRIMARY,
    "read_concern": ReadConcern("majority"),
    "write_concern": WriteConcern("majority", j=True),
}


class Commands(CommandListener):
    """Counts the commands sent, by name. Each is a round trip."""

    def __init__(self) -> None:
        self.sent: Counter[str] = Counter()
        self._counting = threading.Lock()

    def started(self, event: CommandStartedEvent) -> None:
        """Count it."""
        with self._counting:
            self.sent[event.command_name] += 1

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Pass: it is counted."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Pass: it is counted."""


class Mongo:
    """What ``connect`` returns. Nothing is sent before the first operation."""

    def __init__(
        self,
        client: AsyncMongoClient[Document],
        sync_client: MongoClient[Document],
        name: str,
        commands: Commands,
    ) -> None:
        self._commands = commands
        self._client = client
        self._sync_client = sync_client
        self.database: AsyncDatabase[Document] = client.get_database(name, **_OF_DATABASES)
        self.sync_database: Database[Document] = sync_client.get_database(name, **_OF_DATABASES)

    @classmethod
    def connect(cls, settings: Settings, certificates: Certificates | None) -> Self:
        """Return the connections that the settings name; SettingError where there are none.

        With certificates, both sides show theirs, and renewed ones are shown from the next connection on.
        """
        if not settings.mongo_url:
            raise SettingError("mongo_url names no MongoDB; set it, as in mongodb://127.0.0.1:27017/")
        commands = Commands()
        options: dict[str, Any] = {
            "appname": "pricetime",
            "event_listeners": [commands],
            "timeoutMS": settings.mongo_timeout_ms,
            "serverSelectionTimeoutMS": settings.mongo_timeout_ms,
            "connectTimeoutMS": settings.mongo_timeout_ms,
            "maxPoolSize": settings.mongo_connections,
        }
        if certificates is not None:
            options |= {"tls": True, "tlsCAFile": str(certificates.ca)}
        try:
            client: AsyncMongoClient[Document] = AsyncMongoClient(settings.mongo_url, **options)
            sync_client: MongoClient[Document] = MongoClient(settings.mongo_url, connect=False, **options)
        except (PyMongoError, ValueError, OSError) as error:
            raise SettingError(f"mongo_url cannot be used: {_said(error)}") from error
        if certificates is not None:
            certificates.adopt(_context_of(client))
            certificates.adopt(_context_of(sync_client))
        return cls(client, sync_client, settings.mongo_database, commands)

    async def prepare(self) -> None:
        """Make every collection and index that is not there yet; DatabaseFailed.

        So none is made by a first row, in the middle of a transaction.
        """
        with failing_as(DatabaseFailed):
            there = set(await self.database.list_collection_names())
            for collection in EVERY_COLLECTION:
                if collection.indexes:
                    models = [_model(index) for index in collection.indexes]
                    await self.database[collection.name].create_indexes(models)
                elif collection.name not in there:
                    await self._create(collection.name)

    async def _create(self, collection: str) -> None:
        """Make a collection, unless somebody else has made it just now."""
        try:
            await self.database.command("create", collection)
        except OperationFailure as error:
            if error.code != _NAMESPACE_EXISTS:
                raise

    async def shard(self) -> list[str]:
        """Apply the shard keys, also where some are applied already; return the names of the collections.

        DatabaseFailed where this is no sharded cluster, or a collection has another key.
        """
        admin, name = self._client.admin, self.database.name
        with failing_as(DatabaseFailed):
            if (await admin.command("hello")).get("msg") != "isdbgrid":
                raise DatabaseFailed(
                    "mongo_url leads to no mongos: this is no sharded cluster, and needs no shard keys."
                )
            await admin.command("enableSharding", name)
            keyed = [collection for collection in EVERY_COLLECTION if collection.shard_key]
            for collection in keyed:
                # Only in an empty collection does the server make the index of a key by itself.
                await self.database[collection.name].create_index(list(collection.shard_key))
                await admin.command(
                    "shardCollection", f"{name}.{collection.name}", key=dict(collection.shard_key)
                )
        return [collection.name for collection in keyed]

    async def ping(self) -> None:
        """Return where MongoDB answers; DatabaseFailed otherwise."""
        with failing_as(DatabaseFailed):
            await self._client.admin.command("ping")

    def measure(self, metrics: Metrics) -> None:
        """Export how many commands were sent."""
        metrics.tally(
            "pricetime_mongo_commands",
            "Commands sent to MongoDB.",
            "command",
            lambda: dict(self._commands.sent),  # for threads count on
        )

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        await self._client.close()
        self._sync_client.close()


def _model(index: Index) -> IndexModel:
    options: dict[str, Any] = {"unique": index.is_unique}
    if index.only is not None:
        options["partialFilterExpression"] = index.only
    return IndexModel(list(index.keys), **options)


def _context_of(client: AsyncMongoClient[Document] | MongoClient[Document]) -> ssl.SSLContext:
    """Return the context of a client's connections.

    PyMongo reads certificate and key from one file, and once. The venue has them in two, and renews them
    while it runs; so they are loaded into the context that PyMongo has made.
    """
    context = client.options.pool_options._ssl_context
    assert isinstance(context, ssl.SSLContext), "PyMongo keeps it there, where tls is on"
    return context


@contextmanager
def failing_as(kind: type[PricetimeError]) -> Iterator[None]:
    """Raise an error of this kind for whatever PyMongo raises, and a cancellation that comes meanwhile."""
    with heeding_cancellation():
        try:
            yield
        except (PyMongoError, BSONError) as error:
            raise kind(
                f"MongoDB cannot be used: {_said(error)}. See that it runs, and that mongo_url leads to it."
            ) from error


def _said(error: Exception) -> str:
    return str(error)[:_SHOWN_LIMIT]
