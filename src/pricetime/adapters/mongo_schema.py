"""Every collection of MongoDB with its indexes and its shard key, in one table.

``Mongo.prepare`` makes them when a service starts; ``pricetime mongo shard`` applies the shard keys on
a sharded cluster; ``pricetime mongo indexes`` prints the table.

Uniqueness is always that of ``_id``, never of an index beside it: on a sharded cluster only that can hold.
The one exception, the number of a stock, is in a collection that is too small to be sharded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

Keys = tuple[tuple[str, int | str], ...]

JOURNAL: Final = "journal"
SNAPSHOTS: Final = "snapshots"
SNAPSHOT_CHUNKS: Final = "snapshot_chunks"
COUNTERS: Final = "counters"
VENUE: Final = "venue"
SLOTS_TAKEN: Final = "slots"
USERS: Final = "users"
REFRESH_TOKENS: Final = "refresh_tokens"
REVOKED_TOKENS: Final = "revoked_tokens"
STOCK_NAMES: Final = "stock_names"
AUDIT: Final = "audit"

_BY_ID: Final[Keys] = (("_id", 1),)
_BY_HASHED_ID: Final[Keys] = (("_id", "hashed"),)


class Index(NamedTuple):
    """One index beside that of ``_id``."""

    keys: Keys
    is_unique: bool = False
    only: Mapping[str, Any] | None = None
    """A condition on what it holds; without, it holds all."""


class Collection(NamedTuple):
    """One collection. Without a ``shard_key`` it is small, and stays on one shard."""

    name: str
    holds: str
    shard_key: Keys = ()
    indexes: tuple[Index, ...] = ()


COLLECTIONS: Final = (
    Collection(JOURNAL, "batches of all partitions; `_id` is partition and number, the fence", _BY_ID),
    Collection(SNAPSHOTS, "of which batches of which partitions there are snapshots", _BY_ID),
    Collection(SNAPSHOT_CHUNKS, "the content of snapshots, in parts", _BY_ID),
    Collection(COUNTERS, "the last number given of each counter"),
    Collection(VENUE, "how many partitions there are"),
    Collection(SLOTS_TAKEN, "which services give sequences, and until when their slots are theirs"),
    Collection(
        USERS,
        "users, and those who wait for an account; `_id` is the user name",
        _BY_HASHED_ID,
        (
            Index((("account", 1),)),
            Index((("folded_name", 1), ("account", 1))),
            Index((("role", 1), ("disabled", 1))),
            Index((("tokens_valid_from_ns", 1),)),
            Index((("pending_since_ns", 1),)),
        ),
    ),
    Collection(
        REFRESH_TOKENS,
        "refresh tokens; `_id` is the hash of the secret",
        _BY_HASHED_ID,
        (Index((("family", 1),)), Index((("account", 1),)), Index((("expires_ns", 1),))),
    ),
    Collection(
        REVOKED_TOKENS,
        "revoked tokens and sessions until they would have expired; `_id` is theirs",
        _BY_HASHED_ID,
        (Index((("expires_ns", 1),)),),
    ),
    Collection(STOCK_NAMES, "stocks; `_id` is the name", (), (Index((("stock", 1),), is_unique=True),)),
    Collection(
        AUDIT,
        "who did what; `_id` counts from 1",
        _BY_HASHED_ID,
        (
            Index((("actor", 1), ("_id", -1))),
            Index((("action", 1), ("_id", -1))),
            Index((("time_ns", 1),)),
        ),
    ),
)
