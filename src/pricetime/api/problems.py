"""The one place where errors become HTTP.

``CODES`` is the table of stable codes with their statuses; ``REASONS`` maps why the rules deny a command
to a code and a sentence that says what to do; ``answer_to`` turns any exception into an ``Answer``, which
both families write in their own format: RFC 9457 for ``/v1``, ``{"success": false, …}`` for daytrade.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import msgspec

from pricetime import errors as e
from pricetime.api.endpoints import Family
from pricetime.records import Reason
from pricetime.schema import Problem


class Code(NamedTuple):
    """One stable code: its status at ``/v1``, its status at daytrade, and what it is called."""

    status: int
    daytrade: int
    title: str


CODES: Final[dict[str, Code]] = {
    # The request
    "invalid_http": Code(400, 400, "This is no HTTP request"),
    "headers_too_large": Code(431, 431, "The headers are too large"),
    "invalid_json": Code(400, 400, "The body is not JSON"),
    "invalid_request": Code(400, 400, "The request is not as it should be"),
    "invalid_field": Code(400, 400, "A field cannot have this value"),
    "invalid_quantity": Code(400, 400, "The quantity is out of range"),
    "invalid_price": Code(400, 400, "The price is out of range"),
    "invalid_amount": Code(400, 400, "The amount is out of range"),
    "value_too_large": Code(400, 400, "The value is too large"),
    "invalid_cursor": Code(400, 400, "The cursor is not one of this list"),
    "weak_password": Code(400, 400, "The password cannot be used"),
    "body_too_large": Code(413, 400, "The body is too large"),
    "body_timeout": Code(408, 400, "The body took too long"),
    "unsupported_media_type": Code(415, 400, "The body is of a type that is not read here"),
    # Who asks
    "token_invalid": Code(401, 401, "A session is needed"),
    "wrong_password": Code(401, 400, "The user name or the password is wrong"),
    "not_allowed": Code(403, 403, "The role does not permit this"),
    "csrf_failed": Code(403, 403, "This did not come from the venue's own page"),
    "locked_out": Code(429, 429, "Too many failed attempts"),
    "rate_limited": Code(429, 429, "Too many requests"),
    # What is asked about
    "unknown_path": Code(404, 404, "There is nothing here"),
    "method_not_allowed": Code(405, 405, "This method does not work here"),
    "not_found": Code(404, 400, "There is no such thing"),
    "unknown_account": Code(404, 400, "There is no such account"),
    "unknown_user": Code(404, 400, "There is no such user"),
    "unknown_stock": Code(404, 400, "There is no such stock"),
    "unknown_order": Code(404, 400, "There is no such order of yours"),
    "unknown_host": Code(404, 400, "There is no such host"),
    # The state it is in
    "conflict": Code(409, 400, "This does not fit the state it is in"),
    "order_not_open": Code(409, 400, "The order is not open"),
    "account_exists": Code(409, 400, "The account exists"),
    "user_name_taken": Code(409, 400, "The user name is taken"),
    "stock_name_taken": Code(409, 400, "The stock name is taken"),
    "client_id_reused": Code(409, 400, "The client order id was used for something else"),
    # The rules of the market
    "off_tick": Code(422, 400, "The price is between two ticks"),
    "insufficient_funds": Code(422, 400, "Not enough money"),
    "insufficient_shares": Code(422, 400, "Not enough shares"),
    "stock_halted": Code(422, 400, "The stock is halted"),
    "would_take": Code(422, 400, "A post-only order would take"),
    "too_many_open_orders": Code(422, 400, "Too many open orders"),
    "money_limit": Code(422, 400, "More money than an account can hold"),
    "share_limit": Code(422, 400, "More shares than there can be"),
    "venue_full": Code(422, 400, "The venue is full"),
    # The feed
    "bad_message": Code(400, 400, "The message cannot be read"),
    "message_too_large": Code(413, 400, "The message is too large"),
    "too_slow": Code(408, 400, "The events are not read"),
    "taken_over": Code(409, 400, "Another connection has taken over"),
    "resume_too_far": Code(410, 400, "The events are too long ago"),
    "unknown_position": Code(404, 400, "There is no such event yet"),
    "too_many_feeds": Code(503, 503, "There are as many feeds as may be"),
    # The streams
    "too_many_streams": Code(503, 503, "There are as many streams as may be"),
    "too_many_subscriptions": Code(400, 400, "There are as many channels as a connection has"),
    # The venue
    "internal_error": Code(500, 500, "The venue failed"),
    "queue_full": Code(503, 503, "The venue is busy"),
    "too_many_connections": Code(503, 503, "The venue is busy"),
    "venue_stopped": Code(503, 503, "The venue is stopping"),
    "journal_failed": Code(503, 503, "The venue cannot write its journal"),
    "views_behind": Code(503, 503, "The lists have not caught up"),
    "accounts_failed": Code(503, 503, "The venue cannot use its users' database"),
    "presence_failed": Code(503, 503, "Who lives cannot be told"),
    "not_ready": Code(503, 503, "The venue is not ready"),
    "views_damaged": Code(503, 503, "The lists cannot be read"),
    "request_timeout": Code(504, 503, "The request took too long"),
}

REASONS: Final[dict[Reason, tuple[str, str]]] = {
    Reason.INVALID_FIELD: ("invalid_field", "A field has a value that the market does not know. Correct it."),
    Reason.INVALID_QUANTITY: ("invalid_quantity", "Send a whole number of shares from 1 to 10^15."),
    Reason.INVALID_PRICE: (
        "invalid_price",
        "Send a price above zero for a limit order, and none for a market order.",
    ),
    Reason.INVALID_AMOUNT: ("invalid_amount", "Send an amount above zero and up to 9 × 10^14."),
    Reason.OFF_TICK: ("off_tick", "Send a price that is a multiple of the stock's tick size."),
    Reason.VALUE_TOO_LARGE: (
        "value_too_large",
        "Price times quantity is over 9 × 10^14. Send a smaller order.",
    ),
    Reason.UNKNOWN_ACCOUNT: ("unknown_account", "There is no such account. Check its id."),
    Reason.UNKNOWN_STOCK: ("unknown_stock", "There is no such stock. Look up its id in the list of stocks."),
    Reason.ORDER_NOT_OPEN: (
        "order_not_open",
        "The order has closed, so it cannot be changed. Look at it to see how it ended.",
    ),
    Reason.NOT_OWNER: ("unknown_order", "There is no such order of yours. Check its id."),
    Reason.ACCOUNT_EXISTS: ("account_exists", "The account is open already. Use it."),
    Reason.STOCK_EXISTS: ("stock_name_taken", "A stock of this name is listed already. Choose another name."),
    Reason.INSUFFICIENT_FUNDS: (
        "insufficient_funds",
        "The wallet does not have enough free money. Deposit more or ask for less.",
    ),
    Reason.INSUFFICIENT_SHARES: (
        "insufficient_shares",
        "The portfolio does not have enough free shares. Sell fewer, or cancel an open sell first.",
    ),
    Reason.STOCK_HALTED: (
        "stock_halted",
        "The stock is halted: only cancels work. Try again when it trades again.",
    ),
    Reason.WOULD_TAKE: (
        "would_take",
        "A post-only order must not trade at once. Move its price away from the other side.",
    ),
    Reason.TOO_MANY_OPEN_ORDERS: (
        "too_many_open_orders",
        "The account has as many open orders as it may. Cancel one first.",
    ),
    Reason.MONEY_LIMIT: (
        "money_limit",
        "All accounts together would hold more than about 9.22 × 10^14. Deposit a smaller amount.",
    ),
    Reason.SHARE_LIMIT: (
        "share_limit",
        "There would be more shares of this stock than can be counted. Ask for fewer.",
    ),
    Reason.VENUE_FULL: (
        "venue_full",
        "The venue has as many accounts, stocks or open orders as it may. Try again later.",
    ),
    Reason.CLIENT_ID_REUSED: (
        "client_id_reused",
        "This client order id or Idempotency-Key was sent before with other content. Make a new one.",
    ),
}

_CODE_OF: Final[tuple[tuple[type[Exception], str], ...]] = (
    (msgspec.ValidationError, "invalid_request"),
    (msgspec.DecodeError, "invalid_json"),
    (UnicodeDecodeError, "invalid_json"),
    (RecursionError, "invalid_json"),
    (e.QueueFull, "queue_full"),
    (e.VenueStopped, "venue_stopped"),
    (e.JournalError, "journal_failed"),
    (e.ViewsBehind, "views_behind"),
    (e.ViewsDamaged, "views_damaged"),
    (e.AnswerLate, "request_timeout"),
    (e.AccountsFailed, "accounts_failed"),
    (e.DatabaseFailed, "accounts_failed"),
    (e.PresenceFailed, "presence_failed"),
    (e.InvalidUser, "invalid_field"),
    (e.UserNameTaken, "user_name_taken"),
    (e.UnknownUser, "unknown_user"),
    (e.WrongPassword, "wrong_password"),
    (e.LockedOut, "locked_out"),
    (e.WeakPassword, "weak_password"),
    (e.TokenInvalid, "token_invalid"),
    (e.NotAllowed, "not_allowed"),
    (e.StockNameTaken, "stock_name_taken"),
)

_RETRY_AFTER_S: Final = 1


class Failure(msgspec.Struct, frozen=True):
    """Why a daytrade request failed: one sentence."""

    error: str


class DaytradeFailure(msgspec.Struct, frozen=True):
    """How the daytrade API says that a request failed."""

    data: Failure
    success: Literal[False] = False


class Refused(e.RequestError):
    """The frame refuses a request before its handler sees it; ``headers`` go with the answer."""

    def __init__(self, code: str, detail: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        super().__init__(detail, code=code)
        self.headers = headers


class Answer(NamedTuple):
    """An error as either family can write it. ``headers`` are complete but for the body's own."""

    code: str
    detail: str
    headers: tuple[tuple[bytes, bytes], ...] = ()


def answer_to(error: Exception) -> Answer:
    """Return the answer to an exception. What nobody expected is an ``internal_error`` without detail."""
    if isinstance(error, e.RuleError):
        code, sentence = REASONS[Reason(error.reason)]
        return Answer(code, error.detail or sentence)
    if isinstance(error, e.RequestError):
        return Answer(error.code, str(error), getattr(error, "headers", ()))
    for kind, code in _CODE_OF:
        if isinstance(error, kind):
            return Answer(code, _detail(error), _headers(error, code))
    return Answer(
        "internal_error",
        "The venue failed. Give its operator the request id. A client order id shows what was done.",
    )


def _detail(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "The body is nested too deeply. Send the fields as the documentation shows them."
    if isinstance(error, UnicodeDecodeError):
        return "The body is not UTF-8. Send JSON in UTF-8."
    if isinstance(error, msgspec.DecodeError):
        return _sentence(str(error))
    return str(error)


def _sentence(fault: str) -> str:
    """Return what msgspec found wrong as a sentence that names the field and says what to do."""
    what, _, place = fault.partition(" - at `$")
    where = place.strip(".`")
    return f"{where + ': ' if where else ''}{what.rstrip('.')}. Correct it as /docs shows."


def _headers(error: Exception, code: str) -> tuple[tuple[bytes, bytes], ...]:
    if code == "token_invalid":
        return ((b"www-authenticate", b'Bearer realm="pricetime"'),)
    if CODES[code].status in (429, 503):
        return (retry_after(getattr(error, "retry_after_s", _RETRY_AFTER_S)),)
    return ()


def retry_after(seconds: int) -> tuple[bytes, bytes]:
    """Return the header that says in how many seconds to try again."""
    return (b"retry-after", b"%d" % max(1, seconds))


_encode = msgspec.json.Encoder().encode


def written(answer: Answer, family: Family, request_id: str) -> tuple[int, bytes, bytes]:
    """Return (status, content type, body) of an answer in a family's format."""
    if family == "daytrade":
        body = _encode({"success": False, "data": Failure(answer.detail)})
        return CODES[answer.code].daytrade, b"application/json", body
    problem = problem_of(answer, request_id)
    return problem.status, b"application/problem+json", _encode(problem)


def problem_of(answer: Answer, request_id: str | None = None) -> Problem:
    """Return the RFC 9457 form of an answer."""
    status, _, title = CODES[answer.code]
    return Problem(
        type=f"/docs#{answer.code}",
        title=title,
        status=status,
        detail=answer.detail,
        code=answer.code,
        request_id=request_id,
    )
