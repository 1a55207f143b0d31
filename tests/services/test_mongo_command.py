"""``pricetime mongo``: what the venue keeps in MongoDB, prepared and spread over shards."""

from __future__ import annotations

import json

import pytest
from tests.support.mongos import mongos

from pricetime import cli
from pricetime.settings import Settings


def test_it_lists_collections_with_shard_keys_and_indexes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["mongo", "indexes", "--json"]) == 0
    listed = {each["collection"]: each for each in json.loads(capsys.readouterr().out)}
    assert listed["journal"]["shard_key"] == {"_id": 1}
    assert {"keys": {"stock": 1}, "is_unique": True} in listed["stock_names"]["indexes"]
    assert cli.execute(["mongo", "indexes"]) == 0
    assert "_id hashed" in capsys.readouterr().out


def test_it_makes_the_indexes(capsys: pytest.CaptureFixture[str], mongo_settings: Settings) -> None:
    assert cli.execute(["mongo", "prepare", *flags(mongo_settings)]) == 0
    assert "indexes are there" in capsys.readouterr().out


def test_a_server_that_is_no_cluster_needs_no_shard_keys(
    capsys: pytest.CaptureFixture[str], mongo_settings: Settings
) -> None:
    assert cli.execute(["mongo", "shard", *flags(mongo_settings)]) == 1
    assert "this is no sharded cluster, and needs no shard keys" in capsys.readouterr().err


def test_a_cluster_is_told_every_shard_key(capsys: pytest.CaptureFixture[str]) -> None:
    with mongos() as cluster:
        assert cli.execute(["mongo", "shard", "--json", *flags(Settings(mongo_url=cluster.url))]) == 0
    sharded = json.loads(capsys.readouterr().out)["sharded"]
    keys = {each["shardCollection"]: each["key"] for each in cluster.asked if "shardCollection" in each}
    assert list(keys) == [f"pricetime.{name}" for name in sharded]
    assert keys["pricetime.journal"] == {"_id": 1}
    assert keys["pricetime.users"] == {"_id": "hashed"}
    assert "pricetime.stock_names" not in keys


def flags(settings: Settings) -> list[str]:
    return ["--set", f"mongo_url={settings.mongo_url}", "--set", f"mongo_database={settings.mongo_database}"]
