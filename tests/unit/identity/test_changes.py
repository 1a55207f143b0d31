"""Changes of a user whose storage is slow or fails: sessions end wherever the change may have happened."""

from __future__ import annotations

import asyncio

import pytest

from pricetime.errors import AccountsFailed, TokenInvalid
from pricetime.identity import Session
from pricetime.ports import User

from .conftest import ADDRESS, Held, World

ACTIONS = {"set_role": "role_changed", "set_disabled": "disabled", "set_password_hash": "password_changed"}
each_change = pytest.mark.parametrize("write", list(ACTIONS))


async def change(world: World, write: str, admin: Session, user: User) -> User:
    if write == "set_role":
        return await world.identity.set_role(admin, user.account, "lister")
    if write == "set_disabled":
        return await world.identity.set_disabled(admin, user.account, True)
    return await world.identity.change_password(user.account, "enchantress", "analytical engine", ADDRESS)


async def is_audited(world: World, action: str) -> None:
    async with asyncio.timeout(60):
        while action not in [action for _, action, _ in await world.audited()]:
            await asyncio.sleep(0)


@each_change
async def test_a_change_that_outlasts_its_request_ends_sessions_all_the_same(
    world: World, write: str
) -> None:
    admin, user = await world.admin(), await world.user()
    tokens = await world.identity.open_session(user)
    held = Held(world.accounts, write)
    changing = asyncio.create_task(change(world, write, admin, user))
    await held.begun.wait()
    changing.cancel()
    await asyncio.wait([changing])
    held.let_go.set()
    await is_audited(world, ACTIONS[write])
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(tokens.access_token)
    if write == "set_role":
        _, renewed = await world.identity.refresh(tokens.refresh_token)
        assert world.identity.authenticate(renewed.access_token).role == "lister"
    else:
        with pytest.raises(TokenInvalid):
            await world.identity.session_to_refresh(tokens.refresh_token)


@each_change
async def test_a_change_of_which_nobody_knows_whether_it_happened_ends_sessions(
    world: World, write: str
) -> None:
    admin, user = await world.admin(), await world.user()
    tokens = await world.identity.open_session(user)
    store = getattr(world.accounts, write)

    async def store_and_fail(*values: object) -> None:
        await store(*values)
        raise AccountsFailed

    setattr(world.accounts, write, store_and_fail)
    with pytest.raises(AccountsFailed):
        await change(world, write, admin, user)
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(tokens.access_token)
    if write != "set_role":
        with pytest.raises(TokenInvalid):
            await world.identity.session_to_refresh(tokens.refresh_token)


@pytest.mark.parametrize("write", ["set_disabled", "set_password_hash"])
async def test_where_sessions_cannot_be_kept_from_going_on_nothing_is_changed(
    world: World, write: str
) -> None:
    admin, user = await world.admin(), await world.user()

    async def fail(account: int) -> None:
        raise AccountsFailed

    world.accounts.revoke_refresh_tokens = fail  # type: ignore[method-assign]
    with pytest.raises(AccountsFailed):
        await change(world, write, admin, user)
    assert await world.identity.login("ada", "enchantress", ADDRESS) == user


@pytest.mark.parametrize("write", ["set_role", "set_disabled"])
async def test_a_change_that_is_stored_already_ends_sessions_when_it_is_asked_for_again(
    world: World, write: str
) -> None:
    admin, user = await world.admin(), await world.user()
    tokens = await world.identity.open_session(user)
    world.clock.pass_s(1)
    stored = {"set_role": "lister", "set_disabled": True}[write]
    await getattr(world.accounts, write)(user.account, stored, world.clock.now_ns())
    await change(world, write, admin, user)
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(tokens.access_token)
    if write == "set_disabled":
        with pytest.raises(TokenInvalid):
            await world.identity.session_to_refresh(tokens.refresh_token)
