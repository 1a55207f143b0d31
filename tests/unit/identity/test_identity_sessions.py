from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from pricetime.errors import TokenInvalid
from pricetime.identity import Identity
from pricetime.ports import RefreshToken

from .conftest import NEW_YEAR_NS, SECOND_NS, Held, World

T = TypeVar("T")


async def test_a_token_says_who_asks_and_until_when(world: World) -> None:
    user = await world.user()
    issued = await world.identity.issue(user, "daytrade")
    session = world.identity.authenticate(issued.token)
    assert issued.expires_in_s == 86_400
    assert (session.account, session.user_name, session.role) == (1, "ada", "trader")
    assert (session.kind, session.expires_ns) == ("daytrade", NEW_YEAR_NS + 86_400 * SECOND_NS)


async def test_every_token_has_an_id_of_its_own(world: World) -> None:
    user = await world.user()
    tokens = [(await world.identity.issue(user, "daytrade")).token for _ in range(3)]
    assert len({world.identity.authenticate(token).token_id for token in tokens}) == 3


async def test_an_access_token_lives_fifteen_minutes(world: World) -> None:
    tokens = await world.identity.open_session(await world.user())
    assert tokens.expires_in_s == 900
    world.clock.pass_s(899)
    assert world.identity.authenticate(tokens.access_token).account == 1
    world.clock.pass_s(1)
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(tokens.access_token)


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "x" * 100_000, "\ud800", "é.é.é"])
async def test_what_is_no_token_is_refused(world: World, token: str) -> None:
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(token)


async def test_a_refresh_brings_new_tokens_and_the_old_access_token_lives_on(world: World) -> None:
    first = await world.identity.open_session(await world.user())
    user, second = await world.identity.refresh(first.refresh_token)
    sessions = [world.identity.authenticate(tokens.access_token) for tokens in (first, second)]
    assert user.user_name == "ada"
    assert second.refresh_token != first.refresh_token
    assert sessions[0].session_id == sessions[1].session_id


async def test_a_refresh_token_used_twice_ends_the_session_for_thief_and_owner(world: World) -> None:
    first = await world.identity.open_session(await world.user())
    _, second = await world.identity.refresh(first.refresh_token)
    with pytest.raises(TokenInvalid, match="used before"):
        await world.identity.refresh(first.refresh_token)
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(second.refresh_token)
    for tokens in (first, second):
        with pytest.raises(TokenInvalid):
            world.identity.authenticate(tokens.access_token)
    assert (0, "refresh_reused", "ada") in await world.audited()


async def test_of_two_refreshes_with_one_token_at_once_one_works_and_then_the_session_ends(
    world: World,
) -> None:
    first = await world.identity.open_session(await world.user())
    refreshes = [world.identity.refresh(first.refresh_token) for _ in range(2)]
    answers = await asyncio.gather(*refreshes, return_exceptions=True)
    assert [type(answer) for answer in answers] == [tuple, TokenInvalid]
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(answers[0][1].refresh_token)


async def test_tabs_that_share_a_refresh_token_and_use_it_at_once_get_the_same_tokens(world: World) -> None:
    first = await world.identity.open_session(await world.user())
    refreshes = [world.identity.refresh(first.refresh_token, shared=True) for _ in range(2)]
    (_, one), (_, other) = await asyncio.gather(*refreshes)
    assert one == other
    assert world.identity.authenticate(one.access_token).account == 1
    assert (await world.identity.refresh(one.refresh_token, shared=True))[0].user_name == "ada"


async def test_tabs_that_come_to_different_processes_get_the_same_tokens(world: World) -> None:
    user = await world.user()
    first = await world.identity.open_session(user)
    other = world.another()
    refreshes = [each.refresh(first.refresh_token, shared=True) for each in (world.identity, other)]
    (_, one), (_, again) = await asyncio.gather(*refreshes)
    assert one == again
    for identity in (world.identity, other):
        assert identity.authenticate(again.access_token).account == user.account
    (_, next_one), (_, after) = (
        await world.identity.refresh(one.refresh_token, shared=True),
        await other.refresh(one.refresh_token, shared=True),
    )
    assert next_one == after
    assert next_one.refresh_token not in (one.refresh_token, first.refresh_token)


async def test_a_session_that_ends_elsewhere_while_it_is_refreshed_brings_nothing(world: World) -> None:
    first = await world.identity.open_session(await world.user())
    session_id = await world.identity.session_to_refresh(first.refresh_token)
    add = world.accounts.add_refresh_token

    async def add_when_it_has_ended(token: RefreshToken) -> None:
        await world.accounts.revoke_family(session_id)
        world.identity.note_revoked(session_id, 2**62)
        await add(token)

    world.accounts.add_refresh_token = add_when_it_has_ended  # type: ignore[method-assign]
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(first.refresh_token, shared=True)
    world.accounts.add_refresh_token = add  # type: ignore[method-assign]
    with pytest.raises(TokenInvalid):
        await world.another().refresh(first.refresh_token, shared=True)


async def while_a_refresh_token_is_stored(
    world: World, begin: Awaitable[T], elsewhere: Callable[[Identity], Awaitable[object]]
) -> T:
    """Let another process act between two steps of one that opens or refreshes a session."""
    held = Held(world.accounts, "add_refresh_token")
    begun = asyncio.ensure_future(begin)
    await held.begun.wait()
    world.clock.pass_s(1)
    await elsewhere(world.another())
    held.let_go.set()
    return await begun


@pytest.mark.parametrize("has_session", [True, False], ids=["refresh", "log-in"])
@pytest.mark.parametrize("end", ["password", "closing"])
async def test_a_session_that_begins_or_goes_on_while_another_process_ends_them_all_ends_too(
    world: World, end: str, has_session: bool
) -> None:
    admin, user = await world.admin(), await world.user()

    async def end_all(other: Identity) -> None:
        if end == "password":
            await other.change_password(user.account, "enchantress", "analytical engine")
        else:
            await other.set_disabled(admin, user.account, True)
            await other.set_disabled(admin, user.account, False)

    if has_session:
        tokens = await world.identity.open_session(user)
        begin: Awaitable[object] = world.identity.refresh(tokens.refresh_token)
    else:
        begin = world.identity.open_session(user)
    stored_before = set(world.accounts._refresh)
    with pytest.raises(TokenInvalid):
        await while_a_refresh_token_is_stored(world, begin, end_all)
    assert set(world.accounts._refresh) <= stored_before


async def test_a_session_that_is_logged_out_in_another_process_while_it_is_refreshed_brings_nothing(
    world: World,
) -> None:
    tokens = await world.identity.open_session(await world.user())
    session = world.identity.authenticate(tokens.access_token)
    with pytest.raises(TokenInvalid):
        await while_a_refresh_token_is_stored(
            world, world.identity.refresh(tokens.refresh_token), lambda other: other.logout(session)
        )
    assert not world.accounts._refresh


async def test_a_session_that_is_refreshed_while_another_process_gives_a_role_has_that_role(
    world: World,
) -> None:
    admin, user = await world.admin(), await world.user()
    tokens = await world.identity.open_session(user)
    other = world.another()
    _, renewed = await while_a_refresh_token_is_stored(
        world,
        world.identity.refresh(tokens.refresh_token),
        lambda _: other.set_role(admin, user.account, "lister"),
    )
    await world.identity.reload()
    for identity in (world.identity, other):
        assert identity.authenticate(renewed.access_token).role == "lister"


async def test_after_the_grace_a_shared_refresh_token_that_comes_again_ends_the_session(
    make: Callable[..., World],
) -> None:
    world = make(refresh_grace_s=30)
    first = await world.identity.open_session(await world.user())
    _, second = await world.identity.refresh(first.refresh_token, shared=True)
    world.clock.pass_s(31)
    with pytest.raises(TokenInvalid, match="used before"):
        await world.identity.refresh(first.refresh_token, shared=True)
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(second.access_token)


async def test_after_logging_out_a_shared_refresh_token_brings_nothing_even_within_the_grace(
    world: World,
) -> None:
    first = await world.identity.open_session(await world.user())
    _, second = await world.identity.refresh(first.refresh_token, shared=True)
    await world.identity.logout_refreshed(second.refresh_token)
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(first.refresh_token, shared=True)
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(second.access_token)
    assert (await world.audited())[-1] == (1, "logout", "ada")


async def test_a_session_keeps_its_csrf_token_through_refreshes_and_restarts(world: World) -> None:
    user = await world.user()
    first = await world.identity.open_session(user)
    _, second = await world.identity.refresh(first.refresh_token)
    ids = [world.identity.authenticate(tokens.access_token).session_id for tokens in (first, second)]
    csrf_token = world.identity.csrf_token(ids[0])
    assert csrf_token == world.identity.csrf_token(ids[1]) == world.another().csrf_token(ids[0])
    assert csrf_token != world.identity.csrf_token((await world.session(user)).session_id)


async def test_a_refresh_token_expires(make: Callable[..., World]) -> None:
    world = make(refresh_token_lifetime_s=3_600)
    tokens = await world.identity.open_session(await world.user())
    world.clock.pass_s(3_600)
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(tokens.refresh_token)


async def test_an_unknown_refresh_token_is_refused(world: World) -> None:
    for token in ("", "nonsense", "\ud800"):
        with pytest.raises(TokenInvalid):
            await world.identity.refresh(token)


async def test_the_secret_of_a_refresh_token_is_not_stored(world: World) -> None:
    tokens = await world.identity.open_session(await world.user())
    assert tokens.refresh_token not in repr(world.accounts.__dict__)


async def test_logging_out_ends_a_session_and_its_refresh_tokens_and_no_other(world: World) -> None:
    user = await world.user()
    mine, other = await world.identity.open_session(user), await world.identity.open_session(user)
    _, renewed = await world.identity.refresh(mine.refresh_token)
    await world.identity.logout(world.identity.authenticate(mine.access_token))
    for token in (mine.access_token, renewed.access_token):
        with pytest.raises(TokenInvalid):
            world.identity.authenticate(token)
    with pytest.raises(TokenInvalid):
        await world.identity.refresh(renewed.refresh_token)
    assert world.identity.authenticate(other.access_token).account == user.account
    assert (await world.identity.refresh(other.refresh_token))[0] == user
    assert (await world.audited())[-1] == (1, "logout", "ada")


async def test_logging_out_ends_a_daytrade_token(world: World) -> None:
    user = await world.user()
    mine, other = [(await world.identity.issue(user, "daytrade")).token for _ in range(2)]
    await world.identity.logout(world.identity.authenticate(mine))
    with pytest.raises(TokenInvalid):
        world.identity.authenticate(mine)
    assert world.identity.authenticate(other).account == user.account


async def test_what_is_revoked_stays_revoked_after_a_restart(world: World) -> None:
    user = await world.user()
    ended = await world.identity.issue(user, "daytrade")
    await world.identity.logout(world.identity.authenticate(ended.token))
    eve = await world.user("eve")
    stale = await world.identity.open_session(eve)
    fresh_eve = await world.identity.change_password(eve.account, "enchantress", "analytical engine")
    fresh = await world.identity.open_session(fresh_eve)

    restarted = world.another()
    await restarted.start()
    for token in (ended.token, stale.access_token):
        with pytest.raises(TokenInvalid):
            restarted.authenticate(token)
    assert restarted.authenticate(fresh.access_token).account == eve.account


async def test_a_token_outlives_a_restart(world: World) -> None:
    tokens = await world.identity.open_session(await world.user())
    restarted = world.another()
    await restarted.start()
    assert restarted.authenticate(tokens.access_token).account == 1


async def test_revocations_are_forgotten_when_their_tokens_have_expired(world: World) -> None:
    user = await world.user()
    ended = await world.session(user)
    await world.identity.logout(ended)
    assert [id_ for id_, _ in await world.accounts.revoked_tokens(0)] == [ended.session_id]
    world.clock.pass_s(901)
    later = await world.session(user)
    await world.identity.logout(later)
    assert [id_ for id_, _ in await world.accounts.revoked_tokens(0)] == [later.session_id]
    assert list(world.identity._sessions._revoked) == [later.session_id]


async def test_a_service_that_only_hears_of_revocations_forgets_them_when_their_tokens_have_expired(
    world: World,
) -> None:
    world.identity.note_revoked("ended", NEW_YEAR_NS + SECOND_NS)
    world.identity.note_revoked("ends later", NEW_YEAR_NS + 2 * SECOND_NS)
    world.clock.pass_s(1)
    await world.identity.reload()
    assert list(world.identity._sessions._revoked) == ["ends later"]


async def test_a_clock_set_back_does_not_make_new_tokens_older_than_a_revocation(world: World) -> None:
    user = await world.user()
    changed = await world.identity.change_password(user.account, "enchantress", "analytical engine")
    world.clock.pass_s(-3_600)
    tokens = await world.identity.open_session(changed)
    assert world.identity.authenticate(tokens.access_token).account == user.account


async def test_no_more_tokens_are_remembered_than_the_setting_says(make: Callable[..., World]) -> None:
    world = make(tokens_cached=2)
    user = await world.user()
    tokens = [(await world.identity.issue(user, "daytrade")).token for _ in range(5)]
    for token in tokens * 2:
        assert world.identity.authenticate(token).account == user.account
    assert len(world.identity._sessions._cache) == 2


async def test_the_least_recently_seen_token_is_verified_again_first(make: Callable[..., World]) -> None:
    world = make(tokens_cached=2)
    user = await world.user()
    first, second, third = [(await world.identity.issue(user, "daytrade")).token for _ in range(3)]
    for token in (first, second, first, third):
        world.identity.authenticate(token)
    assert list(world.identity._sessions._cache) == [first, third]


async def test_the_public_keys_are_published(world: World) -> None:
    (key,) = world.identity.jwks()["keys"]
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert "d" not in key
