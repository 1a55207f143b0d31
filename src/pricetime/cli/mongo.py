"""``pricetime mongo``: the collections of the venue in MongoDB, their indexes and shard keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, print_table, say

Keys = Sequence[tuple[str, int | str]]


@click.group
def command() -> None:
    """Prepare MongoDB, and show what the venue keeps there."""


@command.command
@options.as_json
def indexes(as_json: bool) -> None:
    """List every collection with its shard key and its indexes."""
    from pricetime.services.databases import collections

    if as_json:
        print_json(
            [
                {
                    "collection": each.name,
                    "holds": each.holds,
                    "shard_key": dict(each.shard_key),
                    "indexes": [_index(*index) for index in each.indexes],
                }
                for each in collections()
            ]
        )
        return
    rows = []
    for each in collections():
        rows.append((each.name, "shard key", _said(each.shard_key) or "not sharded", each.holds))
        rows += [
            ("", "unique" if index.is_unique else "index", _said(index.keys), "") for index in each.indexes
        ]
    print_table(("collection", "what", "fields", "holds"), rows, empty="")


@command.command
@options.settings
@options.as_json
def prepare(data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Make every collection and index that is not there yet."""
    from pricetime.services.databases import collections
    from pricetime.services.databases import prepare as make

    make(options.settings_from(chosen, data=data))
    made = sum(len(each.indexes) for each in collections())
    if as_json:
        print_json({"indexes": made})
    else:
        say(f"All {len(collections())} collections and {made} indexes are there.")


@command.command
@options.settings
@options.as_json
def shard(data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Apply the shard keys on a sharded cluster."""
    from pricetime.services.databases import shard as apply

    sharded = apply(options.settings_from(chosen, data=data))
    if as_json:
        print_json({"sharded": sharded})
    else:
        say(f"These collections are sharded: {', '.join(sharded)}")


def _index(keys: Keys, is_unique: bool, only: Mapping[str, object] | None) -> dict[str, object]:
    shown: dict[str, object] = {"keys": dict(keys), "is_unique": is_unique}
    return shown if only is None else shown | {"only": only}


def _said(keys: Keys) -> str:
    """Return keys as words: the fields, where they do not ascend with how they go."""
    how = {1: "", -1: " descending", "hashed": " hashed"}
    return ", ".join(f"{field}{how[direction]}" for field, direction in keys)
