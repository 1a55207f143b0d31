"""The JSON bodies of ``/v1``, shared by the API that serves them and the SDK that reads them.

Money is a decimal string in currency units (``"135.50"``, up to four decimals), quantities are whole
numbers of shares, ids are strings, times are RFC 3339 in UTC with microseconds. A field that may be
absent is ``null``. Requests refuse unknown fields.
"""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct

Money = Annotated[str, Meta(pattern=r"^[0-9]{1,15}(\.[0-9]{1,4})?$", description="money, a decimal string")]
SignedMoney = Annotated[
    str,
    Meta(pattern=r"^-?[0-9]{1,15}(\.[0-9]{1,4})?$", description="money, a decimal string, may be negative"),
]
Value = Annotated[
    str,
    Meta(
        pattern=r"^-?[0-9]{1,30}(\.[0-9]{1,4})?$",
        description="price times shares: a decimal string that no wallet need be able to hold",
    ),
]
Quantity = Annotated[int, Meta(ge=1, le=10**15, description="whole shares")]
Id = Annotated[str, Meta(pattern=r"^[0-9]{1,19}$", description="an id, an opaque string")]
ClientOrderId = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
        description="a UUID that the client makes before it sends",
    ),
]
Time = Annotated[str, Meta(description="RFC 3339 in UTC")]
UserName = Annotated[str, Meta(min_length=1, max_length=100)]
PersonName = Annotated[str, Meta(min_length=1, max_length=200)]
Password = Annotated[str, Meta(min_length=1, max_length=1_024)]
StockNameText = Annotated[str, Meta(min_length=1, max_length=100)]

SideName = Literal["buy", "sell"]
TypeName = Literal["limit", "market"]
TimeInForceName = Literal["gtc", "ioc", "fok"]
SelfTradeName = Literal["skip", "cancel_newest", "cancel_oldest", "cancel_both"]
StatusName = Literal["open", "partially_filled", "filled", "cancelled", "expired"]
RoleName = Literal["trader", "lister", "admin"]
Interval = Literal["1s", "5s", "15s", "1m", "5m", "15m", "1h", "4h", "1d"]
HostKindName = Literal["ledger", "engine", "views"]
LongInterval = Literal["1m", "5m", "15m", "1h", "4h", "1d"]

T = TypeVar("T")


class Request(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of request bodies."""


class Body(Struct, frozen=True, kw_only=True):
    """Base of answers."""


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list. ``next_cursor`` asks for the page after it; null: this was the last."""

    items: list[T]
    next_cursor: str | None = None


# --------------------------------------------------------------------------------- users, sessions


class Register(Request, frozen=True):
    """Register a new user."""

    user_name: UserName
    password: Password
    name: PersonName


class Login(Request, frozen=True):
    """Open a session."""

    user_name: UserName
    password: Password


class Refresh(Request, frozen=True):
    """Trade a refresh token for a new pair."""

    refresh_token: Annotated[str, Meta(min_length=1, max_length=512)]


class ChangePassword(Request, frozen=True):
    """Change one's own password; every other session ends."""

    old_password: Password
    new_password: Password


class Session(Body, frozen=True):
    """A session. ``expires_in_s`` is the life of the access token."""

    access_token: str
    refresh_token: str
    expires_in_s: int
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme, no secret


class UserView(Body, frozen=True):
    """A user."""

    account: Id
    user_name: str
    name: str
    role: RoleName
    created_at: Time
    disabled: bool = False


class Registered(Body, frozen=True):
    """A user who has registered. Without an account they wait for it, and can log in once they have it."""

    account: Id | None
    user_name: str
    name: str
    role: RoleName
    created_at: Time
    disabled: bool = False


class WebSession(Body, frozen=True):
    """A session of the page; its tokens are cookies. ``csrf_token`` goes with all that changes something."""

    user: UserView
    csrf_token: str
    expires_in_s: int
    """Until the session must be refreshed."""


class SetUser(Request, frozen=True):
    """Change a user's role, or close and open their way in."""

    role: RoleName | None = None
    disabled: bool | None = None


# ------------------------------------------------------------------------------------------ market


class CreateStock(Request, frozen=True):
    """List a stock. ``tick_size`` is the step of its prices."""

    name: StockNameText
    tick_size: Money | None = None


class GrantShares(Request, frozen=True):
    """Bring shares of a stock into the venue; without ``account``, into one's own."""

    quantity: Quantity
    account: Id | None = None


class Stock(Body, frozen=True):
    """A listed stock. Prices are null where there is none yet; the day is the UTC day."""

    stock: Id
    name: str
    tick_size: Money
    halted: bool
    last_price: Money | None
    best_bid: Money | None
    best_ask: Money | None
    day_open: Money | None
    day_high: Money | None
    day_low: Money | None
    day_volume: int
    day_change: SignedMoney | None
    shares_listed: int


class Price(Body, frozen=True):
    """The price of a stock: of its last trade, else its best ask."""

    stock: Id
    name: str
    price: Money
    last_trade_at: Time | None


class Level(Body, frozen=True):
    """All that rests at one price."""

    price: Money
    quantity: int
    orders: int


class Book(Body, frozen=True):
    """Depth of a stock from best to worst. ``market_*`` is what waits at market, ahead of every level."""

    stock: Id
    event: int
    bids: list[Level]
    asks: list[Level]
    market_buy_quantity: int
    market_sell_quantity: int


class Trade(Body, frozen=True):
    """A trade on the tape; ``side`` is the taker's."""

    trade: Id
    price: Money
    quantity: int
    side: SideName
    time: Time


class CandleView(Body, frozen=True):
    """One interval that had a trade."""

    start: Time
    open: Money
    high: Money
    low: Money
    close: Money
    volume: int
    trades: int


class Sparkline(Body, frozen=True):
    """A stock over the last intervals. ``closes``: its price at the end of each, oldest first.

    There are fewer where it has not traded for that long. ``change`` is against the price before the first
    interval, or where there was none against its first trade.
    """

    stock: Id
    closes: list[Money]
    change: SignedMoney | None
    volume: int


# ------------------------------------------------------------------------------ wallet, portfolio


class MoveMoney(Request, frozen=True):
    """Deposit or withdraw."""

    amount: Money


class Wallet(Body, frozen=True):
    """Money of an account: free to spend, held by open buys, and both together."""

    available: Money
    held: Money
    total: Money


class WalletTransaction(Body, frozen=True):
    """One movement of money. ``amount`` is negative where it left the wallet."""

    id: str
    kind: Literal["buy", "sell", "deposit", "withdrawal"]
    amount: SignedMoney
    order: Id | None
    stock: Id | None
    time: Time


class Holding(Body, frozen=True):
    """Shares of one stock. Granted shares cost nothing; profits are against average cost."""

    stock: Id
    name: str
    available: int
    held: int
    average_cost: Money
    last_price: Money | None
    market_value: Value | None
    realised_profit: SignedMoney
    unrealised_profit: Value | None


class Portfolio(Body, frozen=True):
    """All of an account's holdings and what they are worth at last prices."""

    holdings: list[Holding]
    market_value: Value
    realised_profit: SignedMoney
    unrealised_profit: Value


class WealthPoint(Body, frozen=True):
    """What an account had at a time, its shares at the last prices then.

    ``cash`` is free or held; ``equity`` is cash and shares; ``profit`` is equity less what was deposited and
    not withdrawn.
    """

    time: Time
    cash: Money
    market_value: Value
    equity: Value
    profit: Value


class PortfolioHistory(Body, frozen=True):
    """An account at the ends of intervals, oldest first, and last of all now."""

    points: list[WealthPoint]


# ------------------------------------------------------------------------------------------ orders


class PlaceOrder(Request, frozen=True):
    """Place an order. ``price`` is required for limit and absent for market orders."""

    stock: Id
    side: SideName
    type: TypeName
    quantity: Quantity
    price: Money | None = None
    time_in_force: TimeInForceName = "gtc"
    post_only: bool = False
    self_trade: SelfTradeName = "skip"
    client_order_id: ClientOrderId | None = None
    validate_only: bool = False
    """Check the order against the rules' static checks and the wallet, and place nothing."""


class PlaceOrders(Request, frozen=True):
    """Place up to 1,000 orders in one request; each is answered by itself, in order."""

    orders: list[PlaceOrder]


class AmendOrder(Request, frozen=True):
    """Change an open order's total quantity or price; what is absent stays."""

    quantity: Quantity | None = None
    price: Money | None = None
    client_order_id: ClientOrderId | None = None


class Execution(Body, frozen=True):
    """One execution of an order."""

    trade: Id
    order: Id
    stock: Id
    side: SideName
    price: Money
    quantity: int
    amount: Money
    fee: Money
    maker: bool
    time: Time


class Order(Body, frozen=True):
    """An order as it stands. ``reason`` says why it closed; ``cut``: to what the wallet could pay."""

    order: Id
    client_order_id: str | None
    stock: Id
    side: SideName
    type: TypeName
    time_in_force: TimeInForceName
    post_only: bool
    price: Money | None
    quantity: int
    filled_quantity: int
    remaining_quantity: int
    average_price: Money | None
    status: StatusName
    reason: str | None
    cut: bool
    created_at: Time
    updated_at: Time


class OrderWithExecutions(Order, frozen=True):
    """An order and its executions, oldest first."""

    executions: list[Execution]


class Cancelled(Body, frozen=True):
    """The answer to a cancel. ``already_closed``: it had closed before; nothing was done."""

    order: Order
    already_closed: bool


class CancelledAll(Body, frozen=True):
    """How many open orders were cancelled."""

    cancelled: int


class Validated(Body, frozen=True):
    """The answer to ``validate_only``: the order would be taken; ``quantity`` after a cut to the wallet."""

    quantity: int
    holds: Money


class Problem(Body, frozen=True):
    """RFC 9457. ``code`` is stable; ``detail`` is a sentence that says what to do."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str | None = None


class OrderOutcome(Body, frozen=True):
    """One order's answer in a batch: an order, or a problem."""

    order: Order | None
    problem: Problem | None


class PlacedOrders(Body, frozen=True):
    """The answers to a batch, in the order of the request."""

    outcomes: list[OrderOutcome]


# -------------------------------------------------------------------------------------------- feed


class FeedHello(Request, frozen=True):
    """The first message to ``/v1/orders/feed``.

    ``token`` may be left out where the request had it in a header. Of one account and ``stream`` there is one
    connection: a second one takes over. ``after``: the last event seen; null: only what happens from now on.
    """

    token: str | None = None
    stream: Annotated[str, Meta(max_length=64)] = ""
    after: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None


class FeedRenewal(Request, frozen=True):
    """A newer token of the same account, before the one in use expires."""

    token: str


class FeedReady(Body, frozen=True, tag_field="message", tag="ready"):
    """The client has everything up to ``position``; commands are read from now on, within these limits."""

    account: Id
    position: int
    message_limit: int
    """Bytes of a message."""
    frame_limit: int
    """Commands in a message."""
    in_flight_limit: int
    """Commands that are not acknowledged; above it no more are read."""


class FeedProblem(Body, frozen=True, tag_field="message", tag="problem"):
    """Why the connection ends."""

    problem: Problem


class FeedShutdown(Body, frozen=True, tag_field="message", tag="server_shutdown"):
    """The venue stops: what it has read is answered, then the connection ends. Connect again in a moment."""

    detail: str


FeedNotice = FeedReady | FeedProblem | FeedShutdown
"""The text messages of the venue."""


# ------------------------------------------------------------------------------------------- streams

ChannelName = Literal["prices", "depth", "trades", "candles", "account"]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class Subscribe(Request, frozen=True, tag_field="op", tag="subscribe"):
    """Have a channel: a snapshot first, then its updates; with ``after``, what was missed since that number.

    To subscribe again to a channel that one has is to begin it anew.
    """

    channel: ChannelName
    stock: Id | None = None
    interval: Interval | None = None
    levels: Annotated[int, Meta(ge=1, le=200)] | None = None
    after: Number | None = None


class Unsubscribe(Request, frozen=True, tag_field="op", tag="unsubscribe"):
    """Have a channel no more."""

    channel: ChannelName
    stock: Id | None = None
    interval: Interval | None = None
    levels: int | None = None
    after: int | None = None


class Authenticate(Request, frozen=True, tag_field="op", tag="authenticate"):
    """Say whose connection this is, or go on with a newer token before the one in use expires."""

    token: Annotated[str, Meta(min_length=1, max_length=4_096)]


class AskChecksum(Request, frozen=True, tag_field="op", tag="checksum"):
    """Ask for the checksum of the top ten levels of a depth channel that one has."""

    stock: Id


StreamRequest = Subscribe | Unsubscribe | Authenticate | AskChecksum
"""The messages of a client of ``/v1/stream``."""


class DepthChange(Body, frozen=True):
    """Levels that have changed since the message before; quantity 0: the level is gone."""

    event: int
    bids: list[Level]
    asks: list[Level]
    market_buy_quantity: int
    market_sell_quantity: int


class AccountPicture(Body, frozen=True):
    """An account as it stands: its open orders and latest executions, newest first, money and shares."""

    orders: list[Order]
    executions: list[Execution]
    wallet: Wallet
    holdings: list[Holding]


class AccountChange(Body, frozen=True):
    """What has changed of an account since the message before.

    ``orders`` changed, closed ones too; ``executions`` are the new ones, oldest first; ``wallet`` is null
    where it has not changed. A holding of no shares and no realised profit is gone.
    """

    orders: list[Order]
    executions: list[Execution]
    wallet: Wallet | None
    holdings: list[Holding]


class ChannelBody(Body, Generic[T], frozen=True, kw_only=True, omit_defaults=True):
    """What snapshots and updates have in common: the channel, the event that they stand at, and the data."""

    channel: ChannelName
    stock: Id | None = None
    interval: Interval | None = None
    levels: int | None = None
    number: int
    data: T


class Snapshot(ChannelBody[T], Generic[T], frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """A channel as it stands after event ``number``."""


class Update(ChannelBody[T], Generic[T], frozen=True, kw_only=True, tag_field="type", tag="update"):
    """What has changed in a channel since its message ``previous``."""

    previous: int


class Heartbeat(Body, frozen=True, tag_field="type", tag="heartbeat"):
    """The connection lives. The lists stand at event ``number``, ``views_lag`` events behind the venue."""

    number: int
    time: Time
    views_lag: int


class Checksum(Body, frozen=True, tag_field="type", tag="checksum"):
    """CRC-32, as eight hexadecimal digits, of the top ten levels of a book after event ``number``."""

    stock: Id
    number: int
    checksum: str


class StreamProblem(Body, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="problem"):
    """What is wrong with a message, or why a channel or the connection ends."""

    channel: ChannelName | None = None
    stock: Id | None = None
    interval: Interval | None = None
    problem: Problem


class ServerShutdown(Body, frozen=True, tag_field="type", tag="server_shutdown"):
    """The venue stops, and the connection ends. Connect again in a moment."""

    detail: str


# ------------------------------------------------------------------------------------------- admin


class CommandAudit(Body, frozen=True):
    """A command of the audit."""

    sequence: Id
    time: Time
    actor: Id
    account: Id
    kind: str
    stock: Id | None
    order: Id | None
    quantity: int
    amount: Money
    denied: str | None


class UserAudit(Body, frozen=True):
    """Something a user did to users or sessions."""

    id: Id
    time: Time
    actor: Id
    action: str
    subject: str
    detail: str


class JournalVerification(Body, frozen=True):
    """How far a verification of the journal's chain of hashes is, or how the last one ended."""

    state: Literal["none", "running", "passed", "failed"]
    batches_done: int
    batches_total: int
    detail: str


class State(Body, frozen=True):
    """The venue as its operator sees it."""

    version: str
    rules: str
    started_at: Time
    sequence: int
    events: int
    batches: int
    views_at: int
    views_lag: int
    queued: int
    streams: int
    """Connections of ``/v1/stream`` and its events that are open."""
    state: Literal["running", "failed", "stopping"]


class Engine(Body, frozen=True):
    """A process that hosts a share of the partitions, as it last said. Counters are since it began."""

    host: str
    kind: HostKindName
    state: Literal["serving", "leaving"]
    """Leaving: it is given no partitions any more, because it is drained or stops."""
    partitions: list[str]
    """What it serves, such as ``book.3``: of stocks, those whose number is 3 modulo the books."""
    batches: int
    records: int
    """Commands and events that came in with them."""
    cpu_ms: int
    """Processor time."""
    lag_ms: float
    """How old the oldest command of its newest batch was when it was journaled."""
    waiting: int
    """Messages that have come to it and are not journaled yet."""
    at: Time
    """When it said so; rates are differences of two answers."""


class Engines(Body, frozen=True):
    """The hosts of the venue. ``ledgers`` and ``books``: how many partitions; null: it is one process."""

    ledgers: int | None
    books: int | None
    hosts: list[Engine]
