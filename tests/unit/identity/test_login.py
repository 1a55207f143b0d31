from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pricetime.adapters.passwords import BcryptHasher
from pricetime.errors import LockedOut, NotAllowed, TokenInvalid, WeakPassword, WrongPassword

from .conftest import ADDRESS, World


async def fail(world: World, user_name: str = "ada", address: str = ADDRESS, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(WrongPassword):
            await world.identity.login(user_name, "wrong", address)


async def test_the_right_password_finds_the_user(world: World) -> None:
    user = await world.user()
    assert await world.identity.login("ada", "enchantress", ADDRESS) == user


async def test_a_name_typed_in_parts_logs_in(world: World) -> None:
    user = await world.user("Zo\u00eb")
    assert await world.identity.login("Zoe\u0308", "enchantress", ADDRESS) == user


@pytest.mark.parametrize("user_name", ["ada", "nobody", "", "a\0b", "a\ud800", "x" * 100_000])
async def test_a_wrong_password_and_a_name_that_nobody_has_answer_the_same(
    world: World, user_name: str
) -> None:
    await world.user()
    with pytest.raises(WrongPassword) as caught:
        await world.identity.login(user_name, "wrong", ADDRESS)
    assert str(caught.value) == "The user name or the password is wrong."


@pytest.mark.parametrize("user_name", ["ada", "nobody", "a\ud800"])
async def test_after_five_failures_a_user_waits_twice_as_long_each_time_whether_they_exist_or_not(
    world: World, user_name: str
) -> None:
    await world.user()
    await fail(world, user_name, times=5)
    waits = []
    for _ in range(4):
        with pytest.raises(LockedOut) as caught:
            await world.identity.login(user_name, "enchantress", ADDRESS)
        waits.append(caught.value.retry_after_s)
        world.clock.pass_s(caught.value.retry_after_s)
        await fail(world, user_name)
    assert waits == [1, 2, 4, 8]


async def test_a_log_in_after_the_wait_clears_the_failures(world: World) -> None:
    await world.user()
    await fail(world, times=5)
    world.clock.pass_s(1)
    await world.identity.login("ada", "enchantress", ADDRESS)
    await fail(world, times=5)
    with pytest.raises(LockedOut) as caught:
        await world.identity.login("ada", "enchantress", ADDRESS)
    assert caught.value.retry_after_s == 1


async def test_attempts_during_the_wait_do_not_make_it_longer(world: World) -> None:
    await world.user()
    await fail(world, times=5)
    for _ in range(20):
        with pytest.raises(LockedOut):
            await world.identity.login("ada", "wrong", ADDRESS)
    world.clock.pass_s(1)
    assert (await world.identity.login("ada", "enchantress", ADDRESS)).user_name == "ada"


async def test_of_many_guesses_at_once_only_the_allowed_number_is_answered(world: World) -> None:
    await world.user()
    guesses = [world.identity.login("ada", f"guess {n}", ADDRESS) for n in range(30)]
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(answer) for answer in answers].count(WrongPassword) == 5
    assert [type(answer) for answer in answers].count(LockedOut) == 25


async def test_many_right_log_ins_at_once_all_succeed(world: World) -> None:
    user = await world.user()
    logins = [world.identity.login("ada", "enchantress", ADDRESS) for _ in range(30)]
    assert await asyncio.gather(*logins) == [user] * 30


async def test_an_address_that_tries_many_names_waits_and_others_do_not(make: Callable[..., World]) -> None:
    world = make(lockout_address_failures=10)
    await world.user()
    for number in range(10):
        await fail(world, f"name {number}", "192.0.2.66")
    with pytest.raises(LockedOut):
        await world.identity.login("ada", "enchantress", "192.0.2.66")
    assert (await world.identity.login("ada", "enchantress", "192.0.2.67")).user_name == "ada"


async def test_logging_in_somewhere_does_not_clear_an_address(make: Callable[..., World]) -> None:
    world = make(lockout_address_failures=3)
    await world.user()
    for number in range(3):
        await fail(world, f"name {number}")
        if number < 2:
            await world.identity.login("ada", "enchantress", ADDRESS)
    with pytest.raises(LockedOut):
        await world.identity.login("ada", "enchantress", ADDRESS)


async def test_a_hash_of_another_cost_is_replaced_at_the_next_log_in(world: World) -> None:
    user = await world.user()
    costlier = BcryptHasher(cost=5, workers=1, queue_limit=10)
    try:
        world.hasher, before = costlier, world.hasher
        before.close()
        identity = world.another()
        await identity.login("ada", "enchantress", ADDRESS)
        stored = await identity.user(user.account)
        assert stored.password_hash.startswith(b"$2b$05$")
        assert stored.tokens_valid_from_ns == 0
        assert (await identity.login("ada", "enchantress", ADDRESS)).password_hash == stored.password_hash
    finally:
        costlier.close()


async def test_a_changed_password_is_the_only_one_that_works(world: World) -> None:
    user = await world.user()
    await world.identity.change_password(user.account, "enchantress", "analytical engine", ADDRESS)
    await fail(world)
    with pytest.raises(WrongPassword):
        await world.identity.login("ada", "enchantress", ADDRESS)
    assert (await world.identity.login("ada", "analytical engine", ADDRESS)).account == user.account


async def test_changing_a_password_ends_every_session_but_the_one_opened_after_it(world: World) -> None:
    user = await world.user()
    before = await world.identity.open_session(user)
    daytrade = await world.identity.issue(user, "daytrade")
    changed = await world.identity.change_password(user.account, "enchantress", "analytical engine", ADDRESS)
    after = await world.identity.open_session(changed)  # in the same nanosecond
    for token in (before.access_token, daytrade.token):
        with pytest.raises(TokenInvalid):
            world.identity.authenticate(token)
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(before.refresh_token)
    assert world.identity.authenticate(after.access_token).account == user.account


async def test_a_password_is_changed_only_by_who_knows_it_and_only_to_a_long_one(world: World) -> None:
    user = await world.user()
    with pytest.raises(WrongPassword):
        await world.identity.change_password(user.account, "wrong", "analytical engine", ADDRESS)
    with pytest.raises(WeakPassword):
        await world.identity.change_password(user.account, "enchantress", "short", ADDRESS)
    assert (await world.identity.login("ada", "enchantress", ADDRESS)).account == user.account


async def test_guessing_the_old_password_locks_out_like_a_log_in(world: World) -> None:
    user = await world.user()
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await world.identity.change_password(user.account, "wrong", "analytical engine", ADDRESS)
    with pytest.raises(LockedOut):
        await world.identity.login("ada", "enchantress", ADDRESS)


async def test_of_two_changes_of_one_password_at_once_one_wins(world: World) -> None:
    user = await world.user()
    changes = [
        world.identity.change_password(user.account, "enchantress", f"analytical engine {n}", ADDRESS)
        for n in range(2)
    ]
    answers = await asyncio.gather(*changes, return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["User", "WrongPassword"]


async def test_a_session_cannot_be_opened_with_a_log_in_from_before_a_change(world: World) -> None:
    user = await world.user()
    logged_in = await world.identity.login("ada", "enchantress", ADDRESS)
    await world.identity.change_password(user.account, "enchantress", "analytical engine", ADDRESS)
    with pytest.raises(TokenInvalid):
        await world.identity.issue(logged_in, "daytrade")


async def test_a_closed_user_learns_so_with_the_right_password_only(world: World) -> None:
    admin = await world.admin()
    user = await world.user()
    await world.identity.set_disabled(admin, user.account, True)
    with pytest.raises(NotAllowed):
        await world.identity.login("ada", "enchantress", ADDRESS)
    await fail(world)


async def test_log_ins_failures_and_lock_outs_are_audited(make: Callable[..., World]) -> None:
    world = make(lockout_failures=2, lockout_address_failures=3)
    user = await world.user()
    await world.identity.login("ada", "enchantress", ADDRESS)
    await fail(world, times=2)
    world.clock.pass_s(1)
    await fail(world, "nobody")
    with pytest.raises(LockedOut):
        await world.identity.login("ada", "enchantress", ADDRESS)
    world.clock.pass_s(1)
    await world.identity.change_password(user.account, "enchantress", "analytical engine", ADDRESS)
    assert await world.audited() == [
        (1, "register", "ada"),
        (1, "login", "ada"),
        (0, "login_failed", "ada"),
        (0, "login_failed", "ada"),
        (0, "user_locked", "ada"),
        (0, "login_failed", "nobody"),
        (0, "address_locked", ADDRESS),
        (1, "password_changed", "ada"),
    ]
