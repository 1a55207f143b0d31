"""The tests of every storage of users over MongoDB; then what only many processes can do to each other."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.accounts import (  # noqa: F401 - pytest finds the tests here
    TestAudit,
    TestPendingUsers,
    TestSessions,
    TestStockNames,
    TestUsers,
    pending,
    user,
)
from tests.support.mongo import commands_heard, fail_next

from pricetime.adapters.mongo import Mongo
from pricetime.adapters.mongo_accounts import MongoAccounts
from pricetime.errors import AccountsFailed, QueueFull, UnknownUser, UserNameTaken
from pricetime.ports import RefreshToken, StockName


@pytest.fixture
def accounts(mongo: Mongo) -> MongoAccounts:
    return MongoAccounts(mongo.database)


@pytest.fixture
def others(mongo: Mongo) -> list[MongoAccounts]:
    """What other processes have of the same database."""
    return [MongoAccounts(mongo.database) for _ in range(6)]


class TestManyProcesses:
    async def test_of_many_who_take_one_name_at_once_one_has_it(self, others: list[MongoAccounts]) -> None:
        takes = [each.add_user(user(number, "ada")) for number, each in enumerate(others[:3], 1)]
        takes += [each.add_pending_user(pending("ada")) for each in others[3:]]
        answers = await asyncio.gather(*takes, return_exceptions=True)
        assert answers.count(None) == 1
        assert [type(answer) for answer in answers if answer] == [UserNameTaken] * 5

    async def test_of_many_who_complete_one_user_at_once_one_does(
        self, accounts: MongoAccounts, others: list[MongoAccounts]
    ) -> None:
        await accounts.add_pending_user(pending("root"))
        users = [user(number, "root", "admin") for number in range(6)]
        completed = (each.complete_pending_user(one) for each, one in zip(others, users, strict=True))
        answers = await asyncio.gather(*completed, return_exceptions=True)
        assert [type(answer) for answer in answers if answer] == [UnknownUser] * 5
        assert await accounts.user_by_name("root") == users[answers.index(None)]

    async def test_of_many_who_use_one_refresh_token_at_once_one_does(
        self, accounts: MongoAccounts, others: list[MongoAccounts]
    ) -> None:
        await accounts.add_refresh_token(RefreshToken(b"hash", "family", 1, 10))
        assert sum(await asyncio.gather(*(each.use_refresh_token(b"hash") for each in others))) == 1

    async def test_stocks_named_by_many_at_once_are_numbered_without_a_gap(
        self, accounts: MongoAccounts, others: list[MongoAccounts]
    ) -> None:
        names = [f"{number}" for number in range(8)]
        given = await asyncio.gather(*(each.name_stock(name, 1) for name in names for each in others))
        assert set(given) == set(await accounts.stock_names())
        assert [stock.stock for stock in await accounts.stock_names()] == list(range(1, 9))

    async def test_audit_entries_of_many_have_numbers_of_their_own(
        self, accounts: MongoAccounts, others: list[MongoAccounts]
    ) -> None:
        await asyncio.gather(*(each.add_audit(n, n, "login", "", "") for n, each in enumerate(others)))
        found = await accounts.audit(actor=None, action=None, before=0, limit=9)
        assert [entry.id for entry in found] == sorted({entry.id for entry in found}, reverse=True)
        assert {entry.actor for entry in found} == set(range(6))

    async def test_a_change_by_another_process_shows_at_once(
        self, accounts: MongoAccounts, others: list[MongoAccounts]
    ) -> None:
        await accounts.add_user(user())
        assert await others[0].user_by_name("ada") == user()
        await accounts.set_disabled(1, True, 9)
        seen = await others[0].user_by_name("ada")
        assert seen is not None
        assert seen.disabled


class TestServer:
    async def test_a_look_up_and_a_registration_are_one_round_trip_each(
        self, accounts: MongoAccounts
    ) -> None:
        with commands_heard() as heard:
            await accounts.add_user(user())
            await accounts.user_by_name("ada")
            await accounts.user_by_account(1)
            await accounts.is_taken("bob")
            await accounts.set_role(1, "lister", 1)
        assert heard == ["insert", "find", "find", "find", "update"]

    async def test_a_registration_whose_connection_is_lost_is_done_once_and_answered(
        self, mongodb: str, accounts: MongoAccounts
    ) -> None:
        fail_next(mongodb, "insert", closeConnection=True)
        await accounts.add_user(user())
        assert await accounts.users(0, 9) == [user()]

    async def test_what_the_server_refuses_is_an_error_that_says_so(
        self, mongodb: str, accounts: MongoAccounts
    ) -> None:
        fail_next(mongodb, "update", errorCode=8_000)
        with pytest.raises(AccountsFailed, match="MongoDB cannot be used"):
            await accounts.revoke_token("a", 1)
        fail_next(mongodb, "findAndModify", errorCode=8_000)
        with pytest.raises(AccountsFailed, match="MongoDB cannot be used"):
            await accounts.add_audit(1, 1, "login", "", "")

    async def test_a_full_queue_refuses_further_writes(self, mongo: Mongo) -> None:
        accounts = MongoAccounts(mongo.database, queue_limit=3)
        writes = [accounts.add_audit(n, 0, "login", "", "") for n in range(5)]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert [type(answer) for answer in answers] == [type(None)] * 3 + [QueueFull] * 2
        await accounts.add_audit(9, 0, "login", "", "")

    async def test_look_ups_use_indexes(self, mongo: Mongo, accounts: MongoAccounts) -> None:
        await accounts.add_user(user())
        await accounts.name_stock("A", 1)
        for name, wanted in (
            ("users", {"account": 1}),
            ("users", {"role": "admin", "disabled": False}),
            ("users", {"tokens_valid_from_ns": {"$gt": 5}}),
            ("users", {"folded_name": {"$gte": "a", "$lt": "b"}}),
            ("refresh_tokens", {"family": "x"}),
            ("refresh_tokens", {"expires_ns": {"$lte": 5}}),
            ("audit", {"actor": 1}),
            ("audit", {"action": "login"}),
        ):
            plan = await mongo.database[name].find(wanted).explain()
            assert "IXSCAN" in str(plan["queryPlanner"]["winningPlan"]), (name, wanted)


async def test_a_stock_named_before_keeps_its_number(accounts: MongoAccounts) -> None:
    assert await accounts.name_stock("A", 1) == StockName(1, "A", 1)
    assert await accounts.name_stock("A", 2) == StockName(1, "A", 1)
