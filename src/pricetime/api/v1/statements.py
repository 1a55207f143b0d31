"""Statements at ``/v1``: every movement of money in a span of time, as CSV with a running balance.

The balance is all money of the account, held or free: it starts from what there is now and goes back, so
it is right for every span without a sum over the whole past.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from starlette.responses import Response, StreamingResponse

from pricetime.api.endpoints import MAX_ID, Call, Endpoint, Query
from pricetime.api.v1 import _show
from pricetime.api.v1._ask import Instant, span_of
from pricetime.errors import InvalidRequest
from pricetime.ports import Balance, Views, WalletRow

COLUMNS: Final = ("time", "kind", "stock", "order", "amount", "balance")
_MEDIA: Final = "text/csv; charset=utf-8"
_ROWS_A_CHUNK: Final = 1_000
_TRIES: Final = 3
_FORMULA_STARTS: Final = ("=", "+", "-", "@")


class StatementQuery(Query, frozen=True):
    """Which movements: those with start <= time < end."""

    start: Instant | None = None
    end: Instant | None = None


async def get_statement(call: Call) -> Response:
    """Return movements of money, oldest first, between rows of the opening and the closing balance."""
    account, limit = call.account, call.venue.settings.statement_limit
    start_ns, end_ns = span_of(call.query.start, call.query.end)

    def query(views: Views) -> tuple[Sequence[WalletRow], Balance]:
        # A trade may come in between the two reads; the balance then is another one before and after.
        for _ in range(_TRIES):
            before = views.balance(account)
            rows = views.statement(account, start_ns, MAX_ID, limit=limit + 1)
            if views.balance(account) == before:
                break
        return rows, before

    rows, balance = await call.venue.reader.read(query, account=account, heavy=True)
    if len(rows) > limit:
        raise InvalidRequest(f"There are more than {limit:,} movements since then. Ask for a later start.")
    opening = balance.free + balance.held - sum(map(_show.signed, rows))
    shown = [row for row in rows if row.time_ns < end_ns]
    names = {stock: _cell(call.venue.stocks.name_of(stock)) for stock in {row.stock for row in shown}}
    return StreamingResponse(
        _chunks(shown, opening, names),
        media_type=_MEDIA,
        headers={"content-disposition": 'attachment; filename="statement.csv"'},
    )


def _chunks(rows: Sequence[WalletRow], opening: int, names: dict[int, str]) -> Iterator[str]:
    """Yield the statement in pieces; Starlette takes them from a thread."""
    text = io.StringIO()
    write = csv.writer(text).writerow
    write(COLUMNS)
    write(("", "opening", "", "", "", _show.money(opening)))
    balance = opening
    for number, row in enumerate(rows, 1):
        amount = _show.signed(row)
        balance += amount
        stock, order = (names[row.stock], row.order) if row.order else ("", "")
        write((_show.time(row.time_ns), row.kind, stock, order, _show.money(amount), _show.money(balance)))
        if number % _ROWS_A_CHUNK == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    write(("", "closing", "", "", "", _show.money(balance)))
    yield text.getvalue()


def _cell(name: str) -> str:
    """Return a name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(_FORMULA_STARTS) else name


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/statements",
        handler=get_statement,
        summary="Download a statement",
        family="v1",
        query=StatementQuery,
        response=str,
        media=_MEDIA,
        weight=20,
        errors=("queue_full",),
    ),
)
