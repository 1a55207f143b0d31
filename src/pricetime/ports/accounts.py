"""Users, sessions, stock names and their audit; passwords and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pricetime.ports.base import LATEST_NS, Row


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


class Registrations(Protocol):
    """Registrations that were accepted while the storage of users is away, and wait to be written there."""

    async def add(self, user: PendingUser) -> None:
        """Let one wait; UserNameTaken where one of its name does, QueueFull, AccountsFailed."""
        ...

    async def waiting(self) -> Sequence[PendingUser]:
        """Return what waits, oldest first, as far as that can be told."""
        ...

    async def remove(self, user_name: str) -> None:
        """Forget one; AccountsFailed where that cannot be, and it will be found again."""
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
