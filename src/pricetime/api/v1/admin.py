"""What administrators do at ``/v1``: users and roles, halts, the audits, the state of the venue."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Final

from msgspec import Meta

from pricetime import schema
from pricetime.api.commands import carry_out
from pricetime.api.endpoints import Call, Endpoint, Query, Scope, parse_id
from pricetime.api.v1 import _show
from pricetime.api.v1._ask import Cursor, Instant, Limit, PageQuery, cursor_of, page_limit, page_of, span_of
from pricetime.api.v1.stocks import read_stock, shown_stock
from pricetime.errors import InvalidRequest
from pricetime.records import Command
from pricetime.records.commands import halt_stock, resume_stock
from pricetime.schema import Page


class UsersQuery(PageQuery, frozen=True):
    """Which users: all by account, or those whose user names begin somehow, by user name."""

    search: Annotated[str, Meta(max_length=100, description="how the user name begins")] | None = None


class AuditQuery(Query, frozen=True):
    """Which commands of the audit: those with start <= time < end that fit all that is given."""

    account: schema.Id | None = None
    actor: schema.Id | None = None
    kind: Annotated[str, Meta(max_length=32, description="of the command, such as place_order")] | None = None
    denied: bool = False
    start: Instant | None = None
    end: Instant | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


class UserAuditQuery(Query, frozen=True):
    """Which entries of the audit of users: those with start <= time < end that fit all that is given."""

    actor: schema.Id | None = None
    action: Annotated[str, Meta(max_length=64)] | None = None
    start: Instant | None = None
    end: Instant | None = None
    cursor: Cursor | None = None
    limit: Limit | None = None


async def list_users(call: Call) -> Page[schema.UserView]:
    """Return all users by account, or those whose user names begin as ``search``, by user name."""
    limit = page_limit(call)
    rows = await call.venue.identity.users(cursor_of(call), limit + 1, beginning=call.query.search or "")
    return page_of(rows, limit, _show.user, lambda row: row.account)


async def set_user(call: Call) -> schema.UserView:
    """Give a user another role, or close and open their way in. Their tokens end."""
    asked: schema.SetUser = call.body
    identity, account = call.venue.identity, call.id("account")
    if asked.role is None and asked.disabled is None:
        raise InvalidRequest("Name what to change: role, disabled, or both.")
    if asked.role is not None:
        await identity.set_role(call.user, account, asked.role)
    if asked.disabled is not None:
        await identity.set_disabled(call.user, account, asked.disabled)
    return _show.user(await identity.user(account))


async def halt(call: Call) -> schema.Stock:
    """Stop orders of a stock from entering or changing; cancels still work."""
    return await _switch(call, halt_stock(call.id("stock"), actor=call.account))


async def resume(call: Call) -> schema.Stock:
    """Let orders enter a halted stock again."""
    return await _switch(call, resume_stock(call.id("stock"), actor=call.account))


async def _switch(call: Call, command: Command) -> schema.Stock:
    await carry_out(call, command)
    return shown_stock(call)(await read_stock(call, command.stock))


async def list_commands(call: Call) -> Page[schema.CommandAudit]:
    """Return commands, newest first: of one account, actor or kind, of a span of time, or those denied."""
    asked: AuditQuery = call.query
    account = 0 if asked.account is None else parse_id(asked.account, "account")
    actor = 0 if asked.actor is None else parse_id(asked.actor, "account")
    start_ns, end_ns = span_of(asked.start, asked.end)
    before, limit = cursor_of(call), page_limit(call)
    rows = await call.venue.reader.read(
        lambda views: views.audit(
            account=account,
            actor=actor,
            kind=asked.kind or "",
            denied_only=asked.denied,
            start_ns=start_ns,
            end_ns=end_ns,
            before=before,
            limit=limit + 1,
        ),
        account=call.account,
        market=True,
        heavy=actor > 0,
    )
    return page_of(rows, limit, _show.command_audit, lambda row: row.sequence)


async def list_user_acts(call: Call) -> Page[schema.UserAudit]:
    """Return what was done to users and sessions, newest first."""
    asked: UserAuditQuery = call.query
    actor = None if asked.actor is None else (0 if asked.actor == "0" else parse_id(asked.actor, "account"))
    start_ns, end_ns = span_of(asked.start, asked.end)
    limit = page_limit(call)
    rows = await call.venue.accounts.audit(
        actor=actor,
        action=asked.action,
        start_ns=start_ns,
        end_ns=end_ns,
        before=cursor_of(call),
        limit=limit + 1,
    )
    return page_of(rows, limit, _show.user_audit, lambda row: row.id)


async def get_state(call: Call) -> schema.State:
    """Return how far the venue and its views are."""
    venue = call.venue
    sequencer, views_at = venue.sequencer, venue.progress.position
    return schema.State(
        version=version("pricetime"),
        rules=venue.rules,
        started_at=_show.time(venue.started_ns),
        sequence=sequencer.sequence,
        events=sequencer.published,
        batches=sequencer.batches,
        views_at=views_at,
        views_lag=max(0, sequencer.published - views_at),
        queued=sequencer.queued,
        streams=int(venue.metrics.reading("pricetime_streams")),
        state=sequencer.state,
    )


_SWITCH_ERRORS: Final = ("unknown_stock", "queue_full", "journal_failed")

ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/admin/users",
        handler=list_users,
        summary="List users",
        family="v1",
        scope=Scope.ADMIN,
        query=UsersQuery,
        response=Page[schema.UserView],
        errors=("invalid_cursor", "queue_full", "accounts_failed"),
    ),
    Endpoint(
        method="PATCH",
        path="/v1/admin/users/{account}",
        handler=set_user,
        summary="Change a user",
        family="v1",
        scope=Scope.ADMIN,
        request=schema.SetUser,
        response=schema.UserView,
        errors=("unknown_user", "invalid_field", "queue_full", "accounts_failed"),
    ),
    Endpoint(
        method="POST",
        path="/v1/admin/stocks/{stock}/halt",
        handler=halt,
        summary="Halt a stock",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.Stock,
        errors=_SWITCH_ERRORS,
    ),
    Endpoint(
        method="POST",
        path="/v1/admin/stocks/{stock}/resume",
        handler=resume,
        summary="Resume a stock",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.Stock,
        errors=_SWITCH_ERRORS,
    ),
    Endpoint(
        method="GET",
        path="/v1/admin/audit",
        handler=list_commands,
        summary="Audit of commands",
        family="v1",
        scope=Scope.ADMIN,
        query=AuditQuery,
        response=Page[schema.CommandAudit],
        errors=("invalid_cursor", "unknown_account", "queue_full"),
        weight=5,
    ),
    Endpoint(
        method="GET",
        path="/v1/admin/audit/users",
        handler=list_user_acts,
        summary="Audit of users",
        family="v1",
        scope=Scope.ADMIN,
        query=UserAuditQuery,
        response=Page[schema.UserAudit],
        errors=("invalid_cursor", "unknown_account", "queue_full", "accounts_failed"),
        weight=5,
    ),
    Endpoint(
        method="GET",
        path="/v1/admin/state",
        handler=get_state,
        summary="State of the venue",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.State,
    ),
)
