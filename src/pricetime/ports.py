"""What the runtime, the identity rules and the API need from the outside, as small Protocols.

Adapters (SQLite, memory, later MongoDB and Redis) implement them; ``services/wiring.py`` picks one of
each. Rows are immutable structs of integers in the units of ``records``; text and decimals are made
at the edge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from pricetime.records import OrderType, Reason, Side, TimeInForce
from pricetime.rules.partitions.routing import Address

T = TypeVar("T")


LATEST_NS: Final = 2**63 - 1
"""No time is later."""


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Base of all rows. As JSON, inside the venue only, a row is the array of its fields."""


# --------------------------------------------------------------------------------------------- time


class Clock(Protocol):
    """The time of day."""

    def now_ns(self) -> int:
        """Return nanoseconds since 1970 in UTC."""
        ...


# ------------------------------------------------------------------------------------------ journal


class Batch(Row, frozen=True):
    """One batch of the journal: what was asked and what happened, chained to the batch before.

    ``hash`` is SHA-256 over ``previous_hash``, the number, and the lengths and bytes of commands and
    events (``runtime.chain``).
    """

    number: int
    first_sequence: int
    last_sequence: int
    last_event: int
    time_ns: int
    commands: bytes
    events: bytes
    previous_hash: bytes
    hash: bytes


class Journal(Protocol):
    """The truth: an append-only list of batches. One writer; readers in any thread."""

    def append(self, batch: Batch) -> None:
        """Make a batch durable before returning; JournalFailed where that cannot be."""
        ...

    def read(self, after: int = 0, limit: int = 1_000) -> Sequence[Batch]:
        """Return up to ``limit`` batches with numbers above ``after``, in order."""
        ...

    def last(self) -> Batch | None:
        """Return the newest batch."""
        ...

    def batches_up_to(self, event: int) -> int:
        """Return the number of the last batch that ends with ``event`` or before it; 0: there is none."""
        ...

    def close(self) -> None:
        """Release the files; safe to call twice."""
        ...


class Snapshot(Row, frozen=True):
    """The venue's state after a batch."""

    batch: int
    batch_hash: bytes
    sequence: int
    state: bytes
    state_hash: bytes


class Snapshots(Protocol):
    """Snapshots, newest first, kept two deep. Losing them all loses nothing but time."""

    def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot durably and drop all but the newest two."""
        ...

    def newest_first(self) -> Iterator[Snapshot]:
        """Yield the readable snapshots; a damaged one is left out with a warning."""
        ...


# --------------------------------------------------------------------------------------- partitions


class Message(Row, frozen=True):
    """A batch of records from one party to one other; ``number`` counts those of this pair, from 1."""

    source: Address
    destination: Address
    number: int
    records: bytes


class Delivery(Row, frozen=True):
    """A message as a queue has given it out; by its tag it is acknowledged."""

    tag: int
    message: Message


class Inputs(Protocol):
    """The input queue of one partition. It may give a message out again, but loses none that is confirmed."""

    async def receive(self, limit: int) -> Sequence[Delivery]:
        """Return what has arrived, at most ``limit``, and wait where nothing has; BrokerFailed."""
        ...

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Let the queue forget these; BrokerFailed."""
        ...


class Outputs(Protocol):
    """The way to all queues."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Return when the broker has confirmed all: none will be lost any more; BrokerFailed otherwise."""
        ...


class PartitionBatch(Row, frozen=True):
    """One batch of a partition's journal: what came in, what it gave rise to, chained to the batch before."""

    partition: Address
    number: int
    inputs: tuple[Message, ...]
    outputs: tuple[Message, ...]
    previous_hash: bytes
    hash: bytes


class PartitionJournal(Protocol):
    """The truth of one partition: an append-only list of batches. It is the fence between hosts."""

    async def append(self, batch: PartitionBatch) -> None:
        """Make a batch durable before returning.

        JournalFenced where there is a batch of this number already; JournalFailed where it may or may not
        be durable.
        """
        ...

    async def read(self, after: int, limit: int) -> Sequence[PartitionBatch]:
        """Return up to ``limit`` batches with numbers above ``after``, in order."""
        ...


class PartitionSnapshot(Row, frozen=True):
    """A partition after a batch: its state, the last message heard of each source, and of each sent."""

    partition: Address
    batch: int
    batch_hash: bytes
    state: bytes
    heard: tuple[tuple[Address, int], ...]
    sent: tuple[tuple[Address, int], ...]


class PartitionSnapshots(Protocol):
    """Snapshots of one partition. Losing them all loses nothing but time."""

    async def save(self, snapshot: PartitionSnapshot) -> None:
        """Keep a snapshot; older ones may go, all but one."""
        ...

    async def newest_first(self) -> Sequence[PartitionSnapshot]:
        """Return the readable snapshots."""
        ...


# -------------------------------------------------------------------------------------------- users


class User(Row, frozen=True):
    """A registered person. ``account`` is theirs in the venue."""

    account: int
    user_name: str
    name: str
    password_hash: bytes
    role: str
    created_ns: int
    disabled: bool = False
    tokens_valid_from_ns: int = 0
    """Tokens issued before this time are revoked (set when a password or role changes)."""


class PendingUser(Row, frozen=True):
    """A user made outside the server, who has no account in the venue yet. The name is theirs already."""

    user_name: str
    name: str
    password_hash: bytes
    role: str
    created_ns: int


class RefreshToken(Row, frozen=True):
    """A refresh token, by the hash of its secret; each is used once, and its family dies with a reuse."""

    token_hash: bytes
    family: str
    account: int
    expires_ns: int
    used: bool = False


class StockName(Row, frozen=True):
    """The name of a stock number."""

    stock: int
    name: str
    created_ns: int


class AuditEntry(Row, frozen=True):
    """One thing somebody did that an auditor asks about."""

    id: int
    time_ns: int
    actor: int
    action: str
    subject: str
    detail: str


class TokenClaims(Row, frozen=True):
    """What a token says. Times are exact: ``issued_ns`` orders tokens and revocations of one second."""

    account: int
    token_id: str
    session_id: str
    """The log-in it comes from: the family of its refresh tokens, else the token itself."""
    kind: str
    """access or daytrade."""
    role: str
    user_name: str
    issued_ns: int
    expires_ns: int


class TokenSigner(Protocol):
    """Signs and verifies tokens. It knows keys and no clock: it does not say whether a token expired."""

    def sign(self, claims: TokenClaims) -> str:
        """Return the token that says these claims."""
        ...

    def verify(self, token: str) -> TokenClaims:
        """Return what a token says; TokenInvalid unless this venue signed it."""
        ...

    def tag(self, text: str) -> str:
        """Return a tag of a text (an HMAC) that nobody without the keys can make."""
        ...

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys as a JSON Web Key Set (RFC 7517)."""
        ...


class PasswordHasher(Protocol):
    """Slow hashes of passwords, made off the event loop. Raises QueueFull when too many wait."""

    async def hash(self, password: str) -> bytes:
        """Return a new hash, salted."""
        ...

    async def verify(self, password: str, password_hash: bytes | None) -> bool:
        """Return whether the hash is of this password; None takes as long as a wrong one and is False."""
        ...

    def needs_rehash(self, password_hash: bytes) -> bool:
        """Return whether the hash was made at another cost than new ones are."""
        ...


class Accounts(Protocol):
    """Durable storage of users, sessions and stock names. A coroutine that writes returns when durable.

    Raises QueueFull when too many writes wait and AccountsFailed when the storage cannot be used.
    """

    async def add_user(self, user: User) -> None:
        """Store a new user; UserNameTaken where the name is in use or pending."""
        ...

    async def add_pending_user(self, user: PendingUser) -> None:
        """Store a user to be given an account later; UserNameTaken where the name is in use or pending."""
        ...

    async def pending_user(self, user_name: str) -> PendingUser | None: ...  # noqa: D102
    async def pending_users(self) -> Sequence[PendingUser]: ...  # noqa: D102

    async def complete_pending_user(self, user: User) -> None:
        """Turn a pending user into a user in one step; UnknownUser where the name is not pending."""
        ...

    async def is_taken(self, user_name: str) -> bool:
        """Return whether a user or a pending user has this name."""
        ...

    async def user_by_name(self, user_name: str) -> User | None: ...  # noqa: D102
    async def user_by_account(self, account: int) -> User | None: ...  # noqa: D102

    async def users(self, after: int, limit: int, *, beginning: str = "") -> Sequence[User]:
        """Return users after the account ``after``, by account.

        With ``beginning``, those whose user names begin so, whatever the capitals (of ASCII), by user name.
        """
        ...

    async def admins(self) -> int:
        """Return how many administrators there are who can log in."""
        ...

    async def tokens_valid_from(self, since_ns: int) -> Sequence[tuple[int, int]]:
        """Return (account, tokens_valid_from_ns) of every user where it lies after the given time."""
        ...

    async def set_password_hash(self, account: int, password_hash: bytes, valid_from_ns: int | None) -> None:
        """Replace a hash; with a time, also revoke every token issued before it."""
        ...

    async def set_role(self, account: int, role: str, valid_from_ns: int) -> None:
        """Change a role and revoke every token issued before the given time."""
        ...

    async def set_disabled(self, account: int, disabled: bool, valid_from_ns: int) -> None:
        """Close or open a user's way in and revoke every token issued before the given time."""
        ...

    async def revoke_token(self, token_id: str, expires_ns: int) -> None:
        """Remember a revoked token or session id until its tokens would have expired."""
        ...

    async def revoked_tokens(self, now_ns: int) -> Sequence[tuple[str, int]]:
        """Return (id, expiry) of what is revoked and has not expired."""
        ...

    async def forget_expired(self, now_ns: int) -> None:
        """Delete revocations and refresh tokens that have expired."""
        ...

    async def add_refresh_token(self, token: RefreshToken) -> None: ...  # noqa: D102
    async def refresh_token(self, token_hash: bytes) -> RefreshToken | None: ...  # noqa: D102

    async def use_refresh_token(self, token_hash: bytes) -> bool:
        """Mark a refresh token used; False where it was used before (by a thief or a retry)."""
        ...

    async def revoke_family(self, family: str) -> None:
        """Delete a refresh token and all that came from the same log-in."""
        ...

    async def revoke_refresh_tokens(self, account: int) -> None:
        """Delete every refresh token of an account."""
        ...

    async def name_stock(self, name: str, now_ns: int) -> StockName:
        """Return the stock of this name, given the next free number where the name is new."""
        ...

    async def stock_names(self) -> Sequence[StockName]:
        """Return every name ever given, listed or not, by number."""
        ...

    async def add_audit(self, time_ns: int, actor: int, action: str, subject: str, detail: str) -> None:
        """Append to the audit of users and sessions."""
        ...

    async def audit(
        self,
        *,
        actor: int | None,
        action: str | None,
        before: int,
        limit: int,
        start_ns: int = 0,
        end_ns: int = LATEST_NS,
    ) -> Sequence[AuditEntry]:
        """Return entries with ids below ``before`` (0: of all), newest first; start <= time < end."""
        ...

    def close(self) -> None:
        """Finish what is queued and release the files; safe to call twice."""
        ...


# -------------------------------------------------------------------------------------------- views


class OrderRow(Row, frozen=True):
    """An order as it stands. ``value`` is the sum of price × quantity over its executions."""

    order: int
    account: int
    stock: int
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    post_only: bool
    cut: bool
    price: int
    quantity: int
    filled: int
    value: int
    status: str
    """A state of ``rules.states``: open, partially_filled, filled, cancelled, expired."""
    reason: Reason
    executions: int
    sole_trade: int
    """The trade that filled the order whole in one execution, or 0."""
    client_id: bytes
    created_ns: int
    updated_ns: int


class ExecutionRow(Row, frozen=True):
    """One side of a trade. A trade is named by the number of its TRADED event."""

    trade: int
    account: int
    order: int
    stock: int
    side: Side
    order_type: OrderType
    price: int
    quantity: int
    amount: int
    fee: int
    maker: bool
    sole: bool
    """Whether it filled its order whole in one execution."""
    time_ns: int


class WalletRow(Row, frozen=True):
    """One movement of money in an account. ``kind`` is buy, sell, deposit or withdrawal."""

    id: int
    """Number of the event that moved the money; a trade's two sides share it."""
    account: int
    kind: str
    amount: int
    """Ten-thousandths, positive; buy and withdrawal take it out."""
    order: int
    stock: int
    sole: bool
    time_ns: int


class WealthChange(Row, frozen=True):
    """What one interval changed in an account: shares of a stock, or with stock 0 money from outside."""

    start_ns: int
    """Of the interval."""
    stock: int
    shares: int
    money: int
    """What came into the wallet less what left it."""
    movements: int
    """Executions, deposits, withdrawals or grants that this adds up."""


class Balance(Row, frozen=True):
    """Money of an account: free to spend, and held by open buys."""

    free: int
    held: int


class HoldingRow(Row, frozen=True):
    """Shares of one stock in an account. ``cost`` is what the shares there cost, granted ones nothing."""

    stock: int
    free: int
    held: int
    cost: int
    realised: int
    """Profit taken by sells so far: proceeds less the average cost of what was sold."""


class StockRow(Row, frozen=True):
    """A listed stock and its market. Prices are 0 where there is none yet."""

    stock: int
    tick: int
    halted: bool
    last: int
    best_bid: int
    best_ask: int
    day_open: int
    day_high: int
    day_low: int
    day_volume: int
    day_start_ns: int
    shares: int
    """Shares in existence: all that were granted."""
    last_trade_ns: int


class TradeRow(Row, frozen=True):
    """A trade on the tape, without names. ``side`` is the taker's."""

    trade: int
    stock: int
    side: Side
    price: int
    quantity: int
    time_ns: int


class Candle(Row, frozen=True):
    """Open, high, low, close, volume of one interval that had a trade."""

    start_ns: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int


class DepthLevel(Row, frozen=True):
    """All that rests at one price."""

    price: int
    quantity: int
    orders: int


class Depth(Row, frozen=True):
    """A book from best to worst, and what waits at market on each side. ``event`` numbers the state."""

    event: int
    bids: Sequence[DepthLevel]
    asks: Sequence[DepthLevel]
    market_buy: int
    market_sell: int


class CommandRow(Row, frozen=True):
    """One command of the audit: who asked for what, and what became of it."""

    sequence: int
    time_ns: int
    actor: int
    account: int
    kind: str
    stock: int
    order: int
    quantity: int
    amount: int
    reason: Reason


class Views(Protocol):
    """The read models. Every method is synchronous and bounded; the API calls them through one reader.

    Cursors: ``before`` is an exclusive upper bound on the row's id (0: from the newest), for lists that
    show the newest first; ``after`` an exclusive lower bound, for lists that show the oldest first.
    """

    def position(self) -> int:
        """Return the number of the last event that the views hold."""
        ...

    def at_once(self, query: Callable[[], T]) -> T:
        """Return what ``query`` finds by several reads, all as of one save."""
        ...

    def order(self, order: int) -> OrderRow | None: ...  # noqa: D102
    def order_by_client_id(self, account: int, client_id: bytes) -> OrderRow | None: ...  # noqa: D102

    def orders(
        self, account: int, *, stock: int = 0, open_only: bool = False, before: int = 0, limit: int
    ) -> Sequence[OrderRow]:
        """Return an account's orders, newest first."""
        ...

    def orders_oldest_first(self, account: int, *, limit: int) -> Sequence[OrderRow]:
        """Return an account's first ``limit`` orders by creation."""
        ...

    def executions_of(self, order: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an order's executions, oldest first."""
        ...

    def executions(
        self, account: int, *, stock: int = 0, before: int = 0, limit: int
    ) -> Sequence[ExecutionRow]:
        """Return an account's executions, newest first."""
        ...

    def executions_oldest_first(self, account: int, *, limit: int) -> Sequence[ExecutionRow]:
        """Return an account's first ``limit`` executions, for the whole lists of the daytrade API."""
        ...

    def wallet_rows(self, account: int, *, before: int = 0, limit: int) -> Sequence[WalletRow]:
        """Return an account's movements of money, newest first."""
        ...

    def wallet_trades_oldest_first(self, account: int, *, limit: int) -> Sequence[WalletRow]:
        """Return an account's first ``limit`` buys and sells, oldest first, without deposits."""
        ...

    def statement(self, account: int, start_ns: int, end_ns: int, *, limit: int) -> Sequence[WalletRow]:
        """Return movements of money with start <= time < end, oldest first."""
        ...

    def wealth_changes(
        self, account: int, interval_s: int, start_ns: int, *, limit: int
    ) -> Sequence[WealthChange]:
        """Return what intervals from ``start_ns`` on changed in an account, newest first.

        Each of executions, transfers and grants is added up over its newest ``limit`` movements.
        """
        ...

    def balance(self, account: int) -> Balance: ...  # noqa: D102
    def holdings(self, account: int) -> Sequence[HoldingRow]: ...  # noqa: D102
    def stock(self, stock: int) -> StockRow | None: ...  # noqa: D102
    def stocks(self) -> Sequence[StockRow]: ...  # noqa: D102

    def depth(self, stock: int, levels: int) -> Depth:
        """Return the best ``levels`` levels of each side."""
        ...

    def trades(self, stock: int, *, before: int = 0, limit: int) -> Sequence[TradeRow]:
        """Return the tape of a stock, newest first."""
        ...

    def candles(
        self, stock: int, interval_s: int, start_ns: int, end_ns: int, *, limit: int
    ) -> Sequence[Candle]:
        """Return the candles with start <= start_ns < end, oldest first; the last ``limit`` of them."""
        ...

    def audit(
        self,
        *,
        account: int = 0,
        actor: int = 0,
        kind: str = "",
        denied_only: bool = False,
        start_ns: int = 0,
        end_ns: int = LATEST_NS,
        before: int = 0,
        limit: int,
    ) -> Sequence[CommandRow]:
        """Return the audit of commands with start <= time < end, newest first.

        An ``actor`` alone is not looked up but searched for, so it may take long.
        """
        ...


class ViewPosition(Row, frozen=True):
    """How far the views are: the last batch that they hold, its hash, and its last event."""

    batch: int = 0
    batch_hash: bytes = b""
    event: int = 0


class ViewChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of batches changes: rows as they stand after it, each in the place of the one it follows.

    Buys and sells are in ``executions``, so ``transfers`` holds deposits and withdrawals only. A level
    without orders is gone. The best prices of ``stocks`` are 0: they are read from the levels.
    """

    position: ViewPosition
    orders: Sequence[OrderRow] = ()
    executions: Sequence[ExecutionRow] = ()
    transfers: Sequence[WalletRow] = ()
    balances: Mapping[int, Balance] = {}
    """By account."""
    holdings: Mapping[tuple[int, int], HoldingRow] = {}
    """By account and stock."""
    stocks: Sequence[StockRow] = ()
    candles: Mapping[tuple[int, int, int], Candle] = {}
    """By stock, seconds of the interval, and start."""
    levels: Mapping[tuple[int, int, int], DepthLevel] = {}
    """By stock, side and price; price 0 is what waits at market."""
    commands: Sequence[CommandRow] = ()
    moments: Mapping[int, int] = {}
    """By second since 1970: the first event in it. Finds events by time, which never runs backwards."""


class ViewStore(Protocol):
    """The write side of the views, for the one thread that projects: a save, and reads to resume from."""

    def checkpoint(self) -> ViewPosition: ...  # noqa: D102
    def order(self, order: int) -> OrderRow | None: ...  # noqa: D102
    def holding(self, account: int, stock: int) -> HoldingRow | None: ...  # noqa: D102
    def level(self, stock: int, side: int, price: int) -> DepthLevel | None: ...  # noqa: D102
    def stock(self, stock: int) -> StockRow | None: ...  # noqa: D102
    def newest_candle(self, stock: int, interval_s: int) -> Candle | None: ...  # noqa: D102

    def save(self, changes: ViewChanges) -> None:
        """Store rows and position in one transaction; ViewsDamaged where the store is broken."""
        ...

    def clear(self) -> None:
        """Throw everything away and begin at position 0."""
        ...

    def close(self) -> None:
        """Release the files; safe to call twice."""
        ...
