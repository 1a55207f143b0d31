"""Users at ``/v1``: registering, and what one may know and change of oneself."""

from __future__ import annotations

from typing import Final

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Reply, Scope
from pricetime.api.v1 import _show
from pricetime.ports import User


async def register(call: Call) -> Reply:
    """Register a user with an account of their own in the venue, and no session yet.

    202 means that the users' database is away for the moment: the account and the first log-in have to wait
    until it is back. Should the name turn out to be another's, the log-in fails.
    """
    asked: schema.Register = call.body
    user = await call.venue.identity.register(
        asked.user_name,
        asked.password,
        asked.name,
        min_length=call.venue.settings.password_min_length,
        address=call.address,
        request=call.request_id,
    )
    return Reply(status=201 if isinstance(user, User) else 202, body=_show.registered(user))


async def me(call: Call) -> schema.UserView:
    """Return who the session belongs to."""
    return _show.user(await call.venue.identity.user(call.account))


async def change_password(call: Call) -> schema.Session:
    """Change one's password. Every session ends; the answer is a new one."""
    asked: schema.ChangePassword = call.body
    identity = call.venue.identity
    user = await identity.change_password(call.account, asked.old_password, asked.new_password, call.address)
    return schema.Session(**(await identity.open_session(user))._asdict())


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/users",
        handler=register,
        summary="Register",
        family="v1",
        scope=Scope.PUBLIC,
        request=schema.Register,
        response=schema.Registered,
        status=201,
        also=((202, schema.Registered),),
        weight=2,
        errors=(
            "invalid_field",
            "weak_password",
            "user_name_taken",
            "venue_full",
            "queue_full",
            "journal_failed",
            "accounts_failed",
        ),
    ),
    Endpoint(
        method="GET",
        path="/v1/me",
        handler=me,
        summary="Who am I?",
        family="v1",
        response=schema.UserView,
        errors=("unknown_user", "queue_full", "accounts_failed"),
    ),
    Endpoint(
        method="POST",
        path="/v1/me/password",
        handler=change_password,
        summary="Change the password",
        family="v1",
        request=schema.ChangePassword,
        response=schema.Session,
        weight=2,
        errors=(
            "weak_password",
            "wrong_password",
            "locked_out",
            "unknown_user",
            "queue_full",
            "accounts_failed",
        ),
    ),
)
