"""Sessions of the venue's own page: the tokens are cookies, which its script never sees.

All the tabs of a browser share one session. Any of them refreshes it, and two that do so at once get the same
tokens. Whatever changes something carries the session's CSRF token, which refreshes leave as it is.
"""

from __future__ import annotations

import contextlib
from typing import Final

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Reply, Scope
from pricetime.api.guards.access import refuse_forged
from pricetime.api.guards.browsers import REFRESH_COOKIE, SESSION_COOKIE, cookie
from pricetime.api.v1 import _show
from pricetime.errors import TokenInvalid
from pricetime.identity import Session, SessionTokens
from pricetime.ports import User

_SECOND_NS: Final = 1_000_000_000


async def log_in(call: Call) -> Reply:
    """Open a session of the page. Both tokens are set as cookies."""
    asked: schema.Login = call.body
    identity = call.venue.identity
    user = await identity.login(asked.user_name, asked.password, call.address)
    return _with_cookies(call, user, await identity.open_session(user))


async def who_am_i(call: Call) -> schema.WebSession | Reply:
    """Return the session that the cookies hold, refreshed where its access token has ended."""
    session = _alive(call)
    if session is None:
        return await _refreshed(call)
    user = await call.venue.identity.user(session.account)
    left_s = (session.expires_ns - call.venue.clock.now_ns()) // _SECOND_NS
    return _shown(call, user, session.session_id, max(0, left_s))


async def refresh(call: Call) -> Reply:
    """Renew the cookies. Tabs that do so at once get the same ones."""
    refresh_token = call.visitor.refresh_token
    if refresh_token is None:
        raise TokenInvalid
    identity = call.venue.identity
    refuse_forged(identity, await identity.session_to_refresh(refresh_token), call.visitor.csrf_token)
    return await _refreshed(call)


async def log_out(call: Call) -> Reply:
    """End the session that the cookies hold, if it has not ended, and remove them."""
    identity, visitor = call.venue.identity, call.visitor
    session = _alive(call)
    if session is not None:
        refuse_forged(identity, session.session_id, visitor.csrf_token)
        await identity.logout(session)
    elif visitor.refresh_token is not None:
        with contextlib.suppress(TokenInvalid):
            refuse_forged(
                identity, await identity.session_to_refresh(visitor.refresh_token), visitor.csrf_token
            )
            await identity.logout_refreshed(visitor.refresh_token)
    return Reply(headers=_cookies(call, SessionTokens("", "", 0), 0))


async def change_password(call: Call) -> Reply:
    """Change the password. Every session ends; the cookies are those of a new one."""
    asked: schema.ChangePassword = call.body
    identity = call.venue.identity
    user = await identity.change_password(call.account, asked.old_password, asked.new_password, call.address)
    return _with_cookies(call, user, await identity.open_session(user))


def _alive(call: Call) -> Session | None:
    token = call.visitor.session_token
    try:
        return call.venue.identity.authenticate(token) if token else None
    except TokenInvalid:
        return None


async def _refreshed(call: Call) -> Reply:
    refresh_token = call.visitor.refresh_token
    if refresh_token is None:
        raise TokenInvalid
    user, tokens = await call.venue.identity.refresh(refresh_token, shared=True)
    return _with_cookies(call, user, tokens)


def _with_cookies(call: Call, user: User, tokens: SessionTokens) -> Reply:
    session_id = call.venue.identity.authenticate(tokens.access_token).session_id
    return Reply(
        body=_shown(call, user, session_id, tokens.expires_in_s),
        headers=_cookies(call, tokens, call.venue.settings.refresh_token_lifetime_s),
    )


def _cookies(call: Call, tokens: SessionTokens, refresh_life_s: int) -> tuple[tuple[str, str], ...]:
    secure = call.visitor.secure
    return (
        cookie(SESSION_COOKIE, tokens.access_token, tokens.expires_in_s, secure=secure),
        cookie(REFRESH_COOKIE, tokens.refresh_token, refresh_life_s, secure=secure),
    )


def _shown(call: Call, user: User, session_id: str, expires_in_s: int) -> schema.WebSession:
    csrf_token = call.venue.identity.csrf_token(session_id)
    return schema.WebSession(user=_show.user(user), csrf_token=csrf_token, expires_in_s=expires_in_s)


_STORAGE_ERRORS: Final = ("queue_full", "accounts_failed")

ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/web/session",
        handler=log_in,
        summary="Log in to the page",
        family="v1",
        scope=Scope.PUBLIC,
        page=True,
        request=schema.Login,
        response=schema.WebSession,
        status=201,
        weight=2,
        errors=(
            "wrong_password",
            "token_invalid",
            "not_allowed",
            "locked_out",
            "journal_failed",
            *_STORAGE_ERRORS,
        ),
    ),
    Endpoint(
        method="GET",
        path="/v1/web/session",
        handler=who_am_i,
        summary="The session of the page",
        family="v1",
        scope=Scope.PUBLIC,
        page=True,
        response=schema.WebSession,
        errors=("token_invalid", *_STORAGE_ERRORS),
    ),
    Endpoint(
        method="POST",
        path="/v1/web/session/refresh",
        handler=refresh,
        summary="Refresh the session of the page",
        family="v1",
        scope=Scope.PUBLIC,
        page=True,
        response=schema.WebSession,
        errors=("token_invalid", *_STORAGE_ERRORS),
    ),
    Endpoint(
        method="DELETE",
        path="/v1/web/session",
        handler=log_out,
        summary="Log out of the page",
        family="v1",
        scope=Scope.PUBLIC,
        page=True,
        status=204,
        errors=_STORAGE_ERRORS,
    ),
    Endpoint(
        method="POST",
        path="/v1/web/password",
        handler=change_password,
        summary="Change the password on the page",
        family="v1",
        page=True,
        request=schema.ChangePassword,
        response=schema.WebSession,
        weight=2,
        errors=("weak_password", "wrong_password", "locked_out", "unknown_user", *_STORAGE_ERRORS),
    ),
)
