"""The wallet at ``/v1``: money free and held, bringing it in, taking it out, and every movement of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pricetime import schema
from pricetime.api.commands import carry_out
from pricetime.api.endpoints import Call, Endpoint, Scope
from pricetime.api.v1 import _show
from pricetime.api.v1._ask import PageQuery, amount_of, cursor_of, page_limit, page_of
from pricetime.ports import Balance
from pricetime.records import NO_CLIENT_ID, Command, EventKind, iter_events
from pricetime.records.commands import deposit, withdraw
from pricetime.schema import Page

_MOVE_ERRORS: Final = (
    "invalid_amount",
    "client_id_reused",
    "queue_full",
    "journal_failed",
)


async def get_wallet(call: Call) -> schema.Wallet:
    """Return one's money: free to spend, held by open buys, and both together."""
    account = call.account
    return _show.wallet(await call.venue.reader.read(lambda views: views.balance(account), account=account))


async def bring_in(call: Call) -> schema.Wallet:
    """Deposit money into one's own wallet."""
    return await _move(call, deposit)


async def take_out(call: Call) -> schema.Wallet:
    """Withdraw free money from one's own wallet."""
    return await _move(call, withdraw)


async def _move(call: Call, command: Callable[..., Command]) -> schema.Wallet:
    amount = amount_of(call.body.amount, "amount")
    account, key = call.account, call.idempotency_key or NO_CLIENT_ID
    events = await carry_out(call, command(account, amount, actor=account, client_id=key))
    for event in iter_events(events):
        if event.kind == EventKind.BALANCE_CHANGED:
            return _show.wallet(Balance(free=event.amount, held=event.held))
    return await get_wallet(call)  # a repeat: it was moved before, and nothing happened now


async def list_transactions(call: Call) -> Page[schema.WalletTransaction]:
    """Return the movements of one's money, newest first."""
    account, before, limit = call.account, cursor_of(call), page_limit(call)
    rows = await call.venue.reader.read(
        lambda views: views.wallet_rows(account, before=before, limit=limit + 1), account=account
    )
    return page_of(rows, limit, _show.wallet_transaction, lambda row: row.id)


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/wallet",
        handler=get_wallet,
        summary="Look at the wallet",
        family="v1",
        response=schema.Wallet,
    ),
    Endpoint(
        method="POST",
        path="/v1/wallet/deposits",
        handler=bring_in,
        summary="Deposit",
        family="v1",
        scope=Scope.FUNDING,
        request=schema.MoveMoney,
        response=schema.Wallet,
        status=201,
        idempotent=True,
        errors=(*_MOVE_ERRORS, "money_limit"),
    ),
    Endpoint(
        method="POST",
        path="/v1/wallet/withdrawals",
        handler=take_out,
        summary="Withdraw",
        family="v1",
        scope=Scope.FUNDING,
        request=schema.MoveMoney,
        response=schema.Wallet,
        status=201,
        idempotent=True,
        errors=(*_MOVE_ERRORS, "insufficient_funds"),
    ),
    Endpoint(
        method="GET",
        path="/v1/wallet/transactions",
        handler=list_transactions,
        summary="List movements of money",
        family="v1",
        query=PageQuery,
        response=Page[schema.WalletTransaction],
        errors=("invalid_cursor",),
    ),
)
