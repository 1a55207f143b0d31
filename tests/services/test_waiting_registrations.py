"""Registrations while the users' database is away: accepted, kept in two places, written when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from redis.asyncio import Redis
from tests.support.hosts import Place
from tests.support.mongo import MongoServer, drop_left_sockets
from tests.support.redis_server import RedisServer

from pricetime.adapters.clock import SystemClock
from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_accounts import MongoAccounts
from pricetime.adapters.mongo_partitions import MongoNumbers
from pricetime.adapters.passwords import BcryptHasher
from pricetime.adapters.redis_client import connect_redis
from pricetime.adapters.redis_registrations import RedisRegistrations
from pricetime.adapters.tokens import Ed25519Signer
from pricetime.errors import AccountsFailed, QueueFull, UserNameTaken, WrongPassword
from pricetime.identity import Identity
from pricetime.ports import PendingUser, User
from pricetime.settings import Settings

NOWHERE = "redis://127.0.0.1:1"


def waiting(user_name: str, created_ns: int = 1) -> PendingUser:
    return PendingUser(user_name, "Somebody", b"hash", "trader", created_ns)


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    client = connect_redis(Settings(redis_url=redis_server.url), None)
    await client.delete("pricetime:registrations")
    yield client
    await client.aclose()


class TestWaiting:
    async def test_what_one_process_took_all_see_oldest_first(self, redis: Redis) -> None:
        one, other = RedisRegistrations(redis, 9), RedisRegistrations(redis, 9)
        await one.add(waiting("bob", 2))
        await other.add(waiting("ada", 1))
        assert await one.waiting() == await other.waiting() == [waiting("ada", 1), waiting("bob", 2)]
        await other.remove("bob")
        assert await other.waiting() == [waiting("ada", 1)]

    async def test_a_name_waits_once(self, redis: Redis) -> None:
        await RedisRegistrations(redis, 9).add(waiting("ada"))
        with pytest.raises(UserNameTaken):
            await RedisRegistrations(redis, 9).add(waiting("ada", 2))

    async def test_only_so_many_wait(self, redis: Redis) -> None:
        registrations = RedisRegistrations(redis, 2)
        await registrations.add(waiting("ada"))
        await registrations.add(waiting("bob"))
        with pytest.raises(QueueFull):
            await registrations.add(waiting("cyd"))

    async def test_a_redis_that_is_emptied_loses_nothing_while_the_process_lives(self, redis: Redis) -> None:
        registrations = RedisRegistrations(redis, 9)
        await registrations.add(waiting("ada"))
        await redis.flushall()
        assert await registrations.waiting() == [waiting("ada")]

    async def test_who_was_refused_does_not_get_the_name_where_redis_was_emptied(self, redis: Redis) -> None:
        one, other = RedisRegistrations(redis, 9), RedisRegistrations(redis, 9)
        await one.add(waiting("ada", 1))
        await redis.flushall()
        with pytest.raises(UserNameTaken):
            await one.add(waiting("ada", 2))
        assert await one.waiting() == [waiting("ada", 1)]
        await other.add(waiting("ada", 3))
        assert await one.waiting() == [waiting("ada", 1)]

    async def test_where_redis_is_away_nothing_is_promised(self) -> None:
        away = connect_redis(Settings(redis_url=NOWHERE), None)
        registrations = RedisRegistrations(away, 9)
        with pytest.raises(AccountsFailed, match="Redis cannot be used"):
            await registrations.add(waiting("ada"))
        assert await registrations.waiting() == []
        await away.aclose()


Process = Callable[[str], Awaitable[Identity]]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # PyMongo's, where the server is killed
class TestIdentity:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Iterator[MongoServer]:
        server = MongoServer(tmp_path / "mongodb", "--sync-on-commit")
        yield server
        server.kill()
        drop_left_sockets()

    @pytest.fixture
    async def process(self, server: MongoServer, tmp_path: Path) -> AsyncIterator[Process]:
        """Start what an auth service has, over the Redis of the URL; ended after the test."""
        endings: list[Callable[[], Awaitable[None]]] = []
        hasher = BcryptHasher(cost=4, workers=1, queue_limit=9)

        async def start(redis_url: str) -> Identity:
            settings = Settings(mongo_url=server.url, mongo_timeout_ms=2_000, redis_url=redis_url)
            mongo, redis = Mongo.connect(settings, None), connect_redis(settings, None)
            endings.extend((mongo.close, redis.aclose))
            numbers = MongoNumbers(mongo.database)
            return Identity(
                accounts=MongoAccounts(mongo.database),
                hasher=hasher,
                signer=Ed25519Signer(tmp_path / "keys"),
                clock=SystemClock(),
                settings=settings,
                open_account=lambda request: numbers.next("account"),
                registrations=RedisRegistrations(redis, 9),
            )

        yield start
        for end in endings:
            await end()
        hasher.close()

    async def test_one_accepted_while_the_database_is_away_can_log_in_once_it_is_back(
        self, server: MongoServer, process: Process, redis: Redis, redis_server: RedisServer
    ) -> None:
        identity, other = await process(redis_server.url), await process(redis_server.url)
        server.kill()
        accepted = await identity.register("ada", "enchantress", "Ada")
        assert isinstance(accepted, PendingUser)
        with pytest.raises(UserNameTaken):
            await other.register("ada", "another", "Ada")
        with pytest.raises(AccountsFailed):
            await identity.complete_pending()
        server.restart()
        await _until(other.complete_pending)  # whichever process it is
        user = await other.login("ada", "enchantress", "192.0.2.1")
        assert (user.user_name, user.account) == ("ada", 1)
        await identity.complete_pending()
        assert await redis.hlen("pricetime:registrations") == 0

    async def test_one_can_log_in_at_once_when_the_database_is_back(
        self, server: MongoServer, process: Process, redis_server: RedisServer
    ) -> None:
        identity, other = await process(redis_server.url), await process(redis_server.url)
        server.kill()
        assert isinstance(await identity.register("ada", "enchantress", "Ada"), PendingUser)
        server.restart()
        user: User | None = None

        async def log_in() -> None:
            nonlocal user
            with pytest.raises(WrongPassword):
                await other.login("ada", "charlatan", "192.0.2.1")
            user = await other.login("ada", "enchantress", "192.0.2.1")

        await _until(log_in)  # while nobody has looked for what waits
        assert user is not None
        assert user.account == 1

    async def test_of_a_name_that_was_taken_before_the_first_keeps_it(
        self, server: MongoServer, process: Process, redis: Redis, redis_server: RedisServer
    ) -> None:
        identity = await process(redis_server.url)
        await _until(lambda: identity.register("ada", "enchantress", "Ada"))
        server.kill()
        assert isinstance(await identity.register("ada", "usurper", "Ada"), PendingUser)
        server.restart()
        await _until(identity.complete_pending)
        assert isinstance(await identity.login("ada", "enchantress", "192.0.2.1"), User)
        with pytest.raises(WrongPassword):
            await identity.login("ada", "usurper", "192.0.2.1")

    async def test_where_redis_is_away_as_well_it_is_refused(
        self, server: MongoServer, process: Process
    ) -> None:
        identity = await process(NOWHERE)
        server.kill()
        with pytest.raises(AccountsFailed):
            await identity.register("ada", "enchantress", "Ada")


async def test_over_http_it_is_accepted_with_202_and_can_log_in_later(place: Place, tmp_path: Path) -> None:
    place.run("ledger", "ledger-1")
    place.run("views", "views-1")
    quick = {"bcrypt_cost": 4, "mongo_timeout_ms": 2_000, "lockout_failures": 1_000}
    auth = place.run("auth", "auth-1", data=tmp_path, **quick)
    login = {"user_name": "ada", "password": "correct-horse-1"}
    async with httpx2.AsyncClient(base_url=auth.url, timeout=60) as client:
        place.mongodb.kill()
        accepted = await client.post("/v1/users", json={**login, "name": "Ada"})
        assert (accepted.status_code, accepted.json()["account"]) == (202, None)
        again = await client.post("/v1/users", json={**login, "name": "Ada"})
        assert (again.status_code, again.json()["code"]) == (409, "user_name_taken")
        assert (await client.post("/v1/sessions", json=login)).status_code == 503
        place.mongodb.restart()
        async with asyncio.timeout(120):
            while (answer := await client.post("/v1/sessions", json=login)).status_code != 201:
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(1)
        token = {"authorization": f"Bearer {answer.json()['access_token']}"}
        me = (await client.get("/v1/me", headers=token)).json()
        assert me["user_name"] == "ada"
        assert int(me["account"]) > 0


async def _until(act: Callable[[], Awaitable[object]]) -> None:
    """Act until the database is there."""
    async with asyncio.timeout(60):
        while True:
            try:
                await act()
            except AccountsFailed:
                continue
            return
