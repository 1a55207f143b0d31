from __future__ import annotations

import asyncio

import pytest

from pricetime.errors import InvalidUser, UnknownUser, UserNameTaken, WeakPassword
from pricetime.identity import add_pending_admin

from .conftest import ADDRESS, NEW_YEAR_NS, World


async def test_a_new_user_is_a_trader_with_an_account_of_their_own(world: World) -> None:
    await world.user("ada")
    bob = await world.user("bob")
    assert (bob.account, bob.user_name, bob.name, bob.role) == (2, "bob", "Bob", "trader")
    assert bob.created_ns == NEW_YEAR_NS
    assert await world.identity.user(2) == bob


async def test_the_password_is_stored_as_a_hash_only(world: World) -> None:
    user = await world.user(password="enchantress")
    assert user.password_hash.startswith(b"$2b$04$")
    assert b"enchantress" not in user.password_hash


async def test_markup_and_sql_in_names_are_text(world: World) -> None:
    user = await world.identity.register("'; DROP TABLE users; --", "password", "<b>Ada</b>")
    assert (user.user_name, user.name) == ("'; DROP TABLE users; --", "<b>Ada</b>")


async def test_a_name_is_given_once(world: World) -> None:
    await world.user("ada")
    with pytest.raises(UserNameTaken):
        await world.user("ada")
    assert world.accounts_opened == 1


async def test_a_name_is_unique_exactly_as_typed(world: World) -> None:
    assert [(await world.user(name)).account for name in ("ada", "Ada", "ADA")] == [1, 2, 3]


async def test_of_registrations_at_the_same_moment_one_gets_the_name_and_one_account_is_opened(
    world: World,
) -> None:
    answers = await asyncio.gather(*(world.user("ada") for _ in range(10)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["User"] + ["UserNameTaken"] * 9
    assert world.accounts_opened == 1


async def test_a_registration_that_failed_leaves_its_name_free(world: World) -> None:
    with pytest.raises(WeakPassword):
        await world.identity.register("ada", "", "Ada")
    assert (await world.user("ada")).account == 1


@pytest.mark.parametrize(
    ("password", "min_length", "fault"),
    [
        ("", 1, "The password is shorter than 1 characters."),
        ("", 0, "The password is shorter than 1 characters."),
        ("seven77", 8, "The password is shorter than 8 characters."),
        ("x" * 1_025, 8, "The password is longer than 1024 characters."),
    ],
)
async def test_a_password_has_a_least_and_a_greatest_length(
    world: World, password: str, min_length: int, fault: str
) -> None:
    with pytest.raises(WeakPassword) as caught:
        await world.identity.register("ada", password, "Ada", min_length=min_length)
    assert (str(caught.value), world.accounts_opened) == (fault, 0)


async def test_names_that_cannot_be_open_no_account(world: World) -> None:
    for user_name, name in (("a\0b", "Ada"), ("ada", "A\ud800"), ("", "Ada"), ("ada", "")):
        with pytest.raises(InvalidUser):
            await world.identity.register(user_name, "password", name)
    assert world.accounts_opened == 0


async def test_users_are_listed_by_account(world: World) -> None:
    for name in ("ada", "bob", "eve"):
        await world.user(name)
    assert [user.user_name for user in await world.identity.users(1, 10)] == ["bob", "eve"]
    with pytest.raises(UnknownUser):
        await world.identity.user(4)


async def test_a_registration_is_audited(world: World) -> None:
    await world.user("ada")
    assert await world.audited() == [(1, "register", "ada")]


async def pend(world: World, user_name: str = "root") -> None:
    await add_pending_admin(
        world.accounts, world.hasher, world.clock, user_name=user_name, password="enchantress", name="Root"
    )


async def test_an_admin_made_while_the_server_was_down_is_complete_after_its_start(world: World) -> None:
    await pend(world)
    await world.identity.start()
    user = await world.identity.login("root", "enchantress", ADDRESS)
    assert (user.account, user.role, user.name) == (1, "admin", "Root")
    assert await world.accounts.pending_users() == []


async def test_an_admin_made_while_the_server_runs_is_complete_at_the_first_log_in(world: World) -> None:
    await world.identity.start()
    await pend(world)
    users = await asyncio.gather(*(world.identity.login("root", "enchantress", ADDRESS) for _ in range(3)))
    assert [(user.account, user.role) for user in users] == [(1, "admin")] * 3
    assert world.accounts_opened == 1
    assert await world.accounts.admins() == 1


async def test_nobody_can_register_the_name_of_a_pending_admin(world: World) -> None:
    await pend(world)
    with pytest.raises(UserNameTaken):
        await world.user("root")
    assert world.accounts_opened == 0


async def test_an_admin_cannot_be_made_under_a_name_in_use(world: World) -> None:
    await world.user("root")
    with pytest.raises(UserNameTaken):
        await pend(world)


async def test_making_an_admin_is_audited(world: World) -> None:
    await pend(world)
    await world.identity.start()
    assert await world.audited() == [(0, "admin_created", "root"), (1, "register", "root")]
