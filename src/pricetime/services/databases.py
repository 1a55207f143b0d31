"""What an operator does to MongoDB from outside the services."""

from __future__ import annotations

import asyncio

from pricetime.adapters.mongo import EVERY_COLLECTION, Mongo
from pricetime.adapters.mongo_schema import Collection
from pricetime.adapters.tls import OPERATOR, Certificates
from pricetime.settings import Settings


def collections() -> tuple[Collection, ...]:
    """Return every collection with its indexes and its shard key."""
    return EVERY_COLLECTION


def prepare(settings: Settings) -> None:
    """Make all indexes that are not there yet, as every service does when it starts; DatabaseFailed."""

    async def prepare() -> None:
        mongo = connected(settings)
        try:
            await mongo.prepare()
        finally:
            await mongo.close()

    asyncio.run(prepare())


def shard(settings: Settings) -> list[str]:
    """Apply the shard keys and return the names of the collections; DatabaseFailed without a cluster."""

    async def shard() -> list[str]:
        mongo = connected(settings)
        try:
            await mongo.prepare()
            return await mongo.shard()
        finally:
            await mongo.close()

    return asyncio.run(shard())


def connected(settings: Settings) -> Mongo:
    """Return an operator's connections; nothing is sent yet."""
    return Mongo.connect(settings, Certificates.of(settings.certs, OPERATOR))
