"""Sessions at ``/v1``: opened with a password, renewed with a refresh token, ended."""

from __future__ import annotations

from typing import Final

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Scope


async def log_in(call: Call) -> schema.Session:
    """Open a session. The access token is short-lived; the refresh token brings new ones, once each."""
    asked: schema.Login = call.body
    identity = call.venue.identity
    user = await identity.login(asked.user_name, asked.password, call.address)
    return schema.Session(**(await identity.open_session(user))._asdict())


async def refresh(call: Call) -> schema.Session:
    """Trade a refresh token for new tokens. A refresh token that comes twice ends its session."""
    asked: schema.Refresh = call.body
    _, tokens = await call.venue.identity.refresh(asked.refresh_token)
    return schema.Session(**tokens._asdict())


async def log_out(call: Call) -> None:
    """End the session: its access token and all that would refresh it."""
    await call.venue.identity.logout(call.user)


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/sessions",
        handler=log_in,
        summary="Log in",
        family="v1",
        scope=Scope.PUBLIC,
        request=schema.Login,
        response=schema.Session,
        status=201,
        weight=2,
        errors=(
            "wrong_password",
            "token_invalid",
            "not_allowed",
            "locked_out",
            "queue_full",
            "journal_failed",
            "accounts_failed",
        ),
    ),
    Endpoint(
        method="POST",
        path="/v1/sessions/refresh",
        handler=refresh,
        summary="Refresh a session",
        family="v1",
        scope=Scope.PUBLIC,
        request=schema.Refresh,
        response=schema.Session,
        errors=("token_invalid", "queue_full", "accounts_failed"),
    ),
    Endpoint(
        method="DELETE",
        path="/v1/sessions/current",
        handler=log_out,
        summary="Log out",
        family="v1",
        status=204,
        errors=("queue_full", "accounts_failed"),
    ),
)
