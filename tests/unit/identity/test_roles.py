from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import pytest

from pricetime.errors import InvalidUser, NotAllowed, TokenInvalid, UnknownUser, WrongPassword
from pricetime.identity import LISTING, Identity, Role, Session
from pricetime.ports import User

from .conftest import ADDRESS, World


def test_listers_and_admins_list_stocks() -> None:
    assert {role: role in LISTING for role in Role} == {"trader": False, "lister": True, "admin": True}


async def test_a_new_role_ends_the_tokens_that_carry_the_old_one_and_a_refresh_brings_it(
    world: World,
) -> None:
    admin, user = await world.admin(), await world.user()
    tokens = await world.identity.open_session(user)
    changed = await world.identity.set_role(admin, user.account, "lister")
    assert changed.role == "lister"
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(tokens.access_token)
    _, renewed = await world.identity.refresh(tokens.refresh_token)
    assert world.identity.authenticate(renewed.access_token).role == "lister"
    assert (await world.audited())[-1] == (admin.account, "role_changed", "ada")


async def test_the_role_that_a_user_has_already_changes_nothing(world: World) -> None:
    admin, user = await world.admin(), await world.user()
    session = await world.identity.issue(user, "daytrade")
    await world.identity.set_role(admin, user.account, "trader")
    assert world.identity.authenticate(session.token).role == "trader"


async def test_only_admins_change_roles_and_close_users(world: World) -> None:
    user = await world.user()
    session = await world.session(user)
    with pytest.raises(NotAllowed):
        await world.identity.set_role(session, user.account, "admin")
    with pytest.raises(NotAllowed):
        await world.identity.set_disabled(session, user.account, True)


async def test_a_role_or_a_user_that_does_not_exist_is_refused(world: World) -> None:
    admin = await world.admin()
    with pytest.raises(InvalidUser, match="the roles are trader, lister, admin"):
        await world.identity.set_role(admin, admin.account, "emperor")
    with pytest.raises(UnknownUser):
        await world.identity.set_role(admin, 99, "lister")


async def test_the_last_admin_stays_one(world: World) -> None:
    admin = await world.admin()
    with pytest.raises(NotAllowed, match="last administrator"):
        await world.identity.set_role(admin, admin.account, "trader")
    with pytest.raises(NotAllowed, match="last administrator"):
        await world.identity.set_disabled(admin, admin.account, True)


async def test_of_two_admins_who_dismiss_each_other_at_once_one_stays(world: World) -> None:
    ada, bob = await world.admin("ada"), await world.admin("bob")
    dismissals = [
        world.identity.set_role(ada, bob.account, "trader"),
        world.identity.set_role(bob, ada.account, "trader"),
    ]
    answers = await asyncio.gather(*dismissals, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["NotAllowed", "User"]
    assert await world.accounts.admins() == 1


@pytest.mark.parametrize("is_closed", [False, True], ids=["dismissed", "closed"])
async def test_of_two_admins_who_dismiss_each_other_in_two_processes_one_stays(
    world: World, is_closed: bool
) -> None:
    ada, bob = await world.admin("ada"), await world.admin("bob")
    counted = asyncio.Barrier(2)
    admins = world.accounts.admins

    async def count_together() -> int:
        count = await admins()
        if count == 2:
            await counted.wait()
        return count

    world.accounts.admins = count_together  # type: ignore[method-assign]

    def dismiss(identity: Identity, admin: Session, other: Session) -> Coroutine[None, None, User]:
        if is_closed:
            return identity.set_disabled(admin, other.account, True)
        return identity.set_role(admin, other.account, "trader")

    dismissals = [dismiss(world.identity, ada, bob), dismiss(world.another(), bob, ada)]
    async with asyncio.timeout(60):
        answers = await asyncio.gather(*dismissals, return_exceptions=True)
    assert "NotAllowed" in [type(answer).__name__ for answer in answers]
    assert await admins() >= 1


async def test_a_closed_admin_is_not_counted_as_one_who_is_left(world: World) -> None:
    ada, bob = await world.admin("ada"), await world.admin("bob")
    await world.identity.set_disabled(ada, bob.account, True)
    with pytest.raises(NotAllowed):
        await world.identity.set_role(ada, ada.account, "trader")


async def test_a_closed_user_is_out_until_opened_again(world: World) -> None:
    admin, user = await world.admin(), await world.user()
    tokens = await world.identity.open_session(user)
    closed = await world.identity.set_disabled(admin, user.account, True)
    assert closed.disabled
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(tokens.access_token)
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(tokens.refresh_token)
    with pytest.raises(TokenInvalid):
        await world.identity.open_session(closed)

    await world.identity.set_disabled(admin, user.account, False)
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(tokens.access_token)
    opened = await world.identity.login("ada", "enchantress", ADDRESS)
    assert (await world.session(opened)).account == user.account
    audited = [action for _, action, _ in await world.audited()]
    assert audited[-3:] == ["disabled", "enabled", "login"]


async def test_closing_a_user_does_not_open_a_way_to_guess_their_password(world: World) -> None:
    admin, user = await world.admin(), await world.user()
    await world.identity.set_disabled(admin, user.account, True)
    with pytest.raises(WrongPassword):
        await world.identity.login("ada", "wrong", ADDRESS)
