"""RabbitMQ and Redis with certificates on both sides, and what each user of the broker may do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from tests.support.rabbit import RabbitServer
from tests.support.redis_server import RedisServer

from pricetime import cli
from pricetime.adapters.rabbit import Rabbit
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_presence import RedisPresence
from pricetime.adapters.tls import Certificates
from pricetime.errors import BrokerFailed, PresenceFailed
from pricetime.ports import Message, Notice, Sign
from pricetime.rules.partitions import Address, Room, Topology
from pricetime.services.topology.certs import make_certificates
from pricetime.services.topology.definitions import RIGHTS, rabbit_definitions
from pricetime.settings import Settings

TOPOLOGY = Topology(ledgers=1, books=1)
LEDGER, BOOK = TOPOLOGY.addresses()
pytestmark = pytest.mark.xdist_group("tls")  # of one worker, which has the broker


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _certificates(tmp_path_factory.mktemp("certs"))


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates of another CA."""
    return _certificates(tmp_path_factory.mktemp("foreign"))


def _certificates(folder: Path) -> Path:
    make_certificates(folder, days=1, authority_days=1)
    return folder


@pytest.fixture(scope="module")
def broker(certs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitServer]:
    folder = tmp_path_factory.mktemp("rabbitmq")
    made = folder.with_name("definitions.json")
    made.write_text(json.dumps(rabbit_definitions(Settings(ledgers=1, books=1))))
    with RabbitServer(folder, certs=certs, definitions=made) as server:
        yield server


@pytest.fixture(scope="module")
def redis_server(certs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis") / "data", certs=certs) as server:
        yield server


async def connected(broker: RabbitServer, certs: Path, name: str) -> Rabbit:
    return await Rabbit.connect(broker.url, Certificates(certs, name))


def message(to: Address) -> Message:
    return Message(Address(Room.SERVICE, 1), to, 1, b"records")


async def test_services_work_together_with_the_rights_they_have(broker: RabbitServer, certs: Path) -> None:
    ledger, orders, views = [await connected(broker, certs, name) for name in ("ledger", "orders", "views")]
    await ledger.declare(TOPOLOGY)
    await views.declare(TOPOLOGY)
    heard: asyncio.Queue[Notice] = asyncio.Queue()
    ready = asyncio.Event()
    listening = asyncio.create_task(orders.notices().listen(heard.put, ready=ready.set))
    await asyncio.wait_for(ready.wait(), 10)
    notice = Notice(LEDGER, 1, b"", (), ())
    await views.notices().publish([notice])
    assert await asyncio.wait_for(heard.get(), 10) == notice
    await orders.outputs().publish([message(LEDGER)])
    [delivery] = await asyncio.wait_for((await ledger.inputs(LEDGER, 5)).receive(5), 10)
    assert delivery.message == message(LEDGER)
    assert await views.waiting([BOOK]) == {BOOK: 0}
    listening.cancel()
    for rabbit in (ledger, orders, views):
        await rabbit.close()


@pytest.mark.parametrize(
    ("name", "address"), [("orders", LEDGER), ("views", LEDGER), ("engine", LEDGER), ("ledger", BOOK)]
)
async def test_only_the_hosts_of_a_kind_read_its_queues(
    broker: RabbitServer, certs: Path, name: str, address: Address
) -> None:
    rabbit = await connected(broker, certs, name)
    with pytest.raises(BrokerFailed, match=r"(?i)access.*refused"):
        await rabbit.inputs(address, 5)
    await rabbit.close()


async def test_the_broker_refuses_whoever_it_does_not_know(
    broker: RabbitServer, certs: Path, foreign: Path
) -> None:
    with pytest.raises(BrokerFailed):
        await connected(broker, foreign, "ledger")  # each distrusts the other's CA
    mixed = Certificates(foreign, "ledger")
    mixed.ca = certs / "ca.pem"  # it trusts the broker, which does not trust it
    with pytest.raises(BrokerFailed):
        await Rabbit.connect(broker.url, mixed)
    with pytest.raises(BrokerFailed):
        await connected(broker, certs, "nginx")  # of the CA, and no user
    with pytest.raises(BrokerFailed):
        await Rabbit.connect(broker.url.replace("amqps://", "amqp://guest:guest@"), None)


async def test_redis_verifies_both_ways(redis_server: RedisServer, certs: Path, foreign: Path) -> None:
    settings = Settings(redis_url=redis_server.url)
    known = connect_redis(settings, Certificates(certs, "engine"))
    await RedisPresence(known, 60_000).give(Sign("engine", "a"))
    strangers: list[Redis] = [
        connect_redis(settings, Certificates(foreign, "engine")),
        connect_redis(settings, None),
        connect_redis(Settings(redis_url=redis_server.url.replace("rediss", "redis")), None),
    ]
    for stranger in strangers:
        with pytest.raises(PresenceFailed):
            await RedisPresence(stranger, 60_000).living("engine")
    assert [sign.name for sign in await RedisPresence(known, 60_000).living("engine")] == ["a"]
    for client in (known, *strangers):
        await client.aclose()


def test_there_is_a_user_for_each_service_and_none_with_a_password() -> None:
    made = rabbit_definitions(Settings())
    assert {user["name"] for user in made["users"]} == set(RIGHTS)
    assert {user["password_hash"] for user in made["users"]} == {""}
    assert len(made["queues"]) == Settings().ledgers + Settings().books


def test_without_certificates_the_user_is_that_of_the_url(capsys: pytest.CaptureFixture[str]) -> None:
    url = "amqp://venue:s%40fe@localhost/trading"
    assert cli.execute(["rabbit", "definitions", "--set", f"rabbit_url={url}"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert ([user["name"] for user in made["users"]], made["vhosts"]) == (["venue"], [{"name": "trading"}])
    assert "s@fe" not in json.dumps(made)


def test_without_certificates_and_password_nobody_could_come_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["rabbit", "definitions"]) == 1
    assert "rabbit_url names no user and password" in capsys.readouterr().err
