"""Users, sessions, stock names and their audit in memory: for tests, and for venues that are thrown away.

It behaves as ``sqlite_accounts`` does, and passes the same tests; it forgets everything when closed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from pricetime.errors import UnknownUser, UserNameTaken
from pricetime.ports import LATEST_NS, AuditEntry, PendingUser, RefreshToken, StockName, User


class MemoryAccounts:
    """``ports.Accounts`` in dictionaries."""

    def __init__(self) -> None:
        self._users: dict[int, User] = {}
        self._accounts: dict[str, int] = {}
        self._pending: dict[str, PendingUser] = {}
        self._revoked: dict[str, int] = {}
        self._refresh: dict[bytes, RefreshToken] = {}
        self._stocks: dict[str, StockName] = {}
        self._audit: list[AuditEntry] = []

    def close(self) -> None:
        """Do nothing; there are no files."""

    async def add_user(self, user: User) -> None:
        """Store a new user; UserNameTaken where the name is in use or pending."""
        self._refuse_taken(user.user_name)
        self._insert(user)

    async def add_pending_user(self, user: PendingUser) -> None:
        """Store a user to be given an account later; UserNameTaken where the name is in use or pending."""
        self._refuse_taken(user.user_name)
        self._pending[user.user_name] = user

    async def pending_user(self, user_name: str) -> PendingUser | None:
        """Return the pending user of this name."""
        return self._pending.get(user_name)

    async def pending_users(self) -> Sequence[PendingUser]:
        """Return every pending user, oldest first."""
        return sorted(self._pending.values(), key=lambda user: (user.created_ns, user.user_name))

    async def complete_pending_user(self, user: User) -> None:
        """Turn a pending user into a user in one step; UnknownUser where the name is not pending."""
        if self._pending.pop(user.user_name, None) is None:
            raise UnknownUser
        self._insert(user)

    async def is_taken(self, user_name: str) -> bool:
        """Return whether a user or a pending user has this name."""
        return user_name in self._pending or await self.user_by_name(user_name) is not None

    async def user_by_name(self, user_name: str) -> User | None:
        """Return the user of this name."""
        account = self._accounts.get(user_name)
        return None if account is None else self._users[account]

    async def user_by_account(self, account: int) -> User | None:
        """Return the user of this account."""
        return self._users.get(account)

    async def users(self, after: int, limit: int, *, beginning: str = "") -> Sequence[User]:
        """Return users after the account ``after``, by account, or by user names that begin somehow."""
        if not beginning:
            return [self._users[account] for account in sorted(self._users) if account > after][:limit]

        def place(user: User) -> tuple[str, int]:
            return user.user_name.lower(), user.account

        found = [
            user for user in self._users.values() if user.user_name.lower().startswith(beginning.lower())
        ]
        start = place(self._users[after]) if after in self._users else ("", 0)
        return [user for user in sorted(found, key=place) if place(user) > start][:limit]

    async def admins(self) -> int:
        """Return how many administrators there are who can log in."""
        return sum(user.role == "admin" and not user.disabled for user in self._users.values())

    async def tokens_valid_from(self, since_ns: int) -> Sequence[tuple[int, int]]:
        """Return (account, tokens_valid_from_ns) of every user where it lies after the given time."""
        times = ((user.account, user.tokens_valid_from_ns) for user in self._users.values())
        return [(account, time_ns) for account, time_ns in times if time_ns > max(since_ns, 0)]

    async def set_password_hash(self, account: int, password_hash: bytes, valid_from_ns: int | None) -> None:
        """Replace a hash; with a time, also revoke every token issued before it; UnknownUser."""
        user = replace(self._known(account), password_hash=password_hash)
        if valid_from_ns is not None:
            user = replace(user, tokens_valid_from_ns=valid_from_ns)
        self._users[account] = user

    async def set_role(self, account: int, role: str, valid_from_ns: int) -> None:
        """Change a role and revoke every token issued before the given time; UnknownUser."""
        self._users[account] = replace(self._known(account), role=role, tokens_valid_from_ns=valid_from_ns)

    async def set_disabled(self, account: int, disabled: bool, valid_from_ns: int) -> None:
        """Close or open a user's way in and revoke every token issued before then; UnknownUser."""
        self._users[account] = replace(
            self._known(account), disabled=disabled, tokens_valid_from_ns=valid_from_ns
        )

    async def revoke_token(self, token_id: str, expires_ns: int) -> None:
        """Remember a revoked token or session id until its tokens would have expired."""
        self._revoked[token_id] = max(expires_ns, self._revoked.get(token_id, 0))

    async def revoked_tokens(self, now_ns: int) -> Sequence[tuple[str, int]]:
        """Return (id, expiry) of what is revoked and has not expired."""
        return [(id_, expires_ns) for id_, expires_ns in self._revoked.items() if expires_ns > now_ns]

    async def forget_expired(self, now_ns: int) -> None:
        """Delete revocations and refresh tokens that have expired."""
        self._revoked = dict(await self.revoked_tokens(now_ns))
        self._refresh = {hash_: token for hash_, token in self._refresh.items() if token.expires_ns > now_ns}

    async def add_refresh_token(self, token: RefreshToken) -> None:
        """Store a refresh token."""
        self._refresh[token.token_hash] = token

    async def refresh_token(self, token_hash: bytes) -> RefreshToken | None:
        """Return the refresh token of this hash, used or not."""
        return self._refresh.get(token_hash)

    async def use_refresh_token(self, token_hash: bytes) -> bool:
        """Mark a refresh token used; False where it was used before (by a thief or a retry)."""
        token = self._refresh.get(token_hash)
        if token is None or token.used:
            return False
        self._refresh[token_hash] = replace(token, used=True)
        return True

    async def revoke_family(self, family: str) -> None:
        """Delete a refresh token and all that came from the same log-in."""
        self._refresh = {hash_: token for hash_, token in self._refresh.items() if token.family != family}

    async def revoke_refresh_tokens(self, account: int) -> None:
        """Delete every refresh token of an account."""
        self._refresh = {hash_: token for hash_, token in self._refresh.items() if token.account != account}

    async def name_stock(self, name: str, now_ns: int) -> StockName:
        """Return the stock of this name, given the next free number where the name is new."""
        return self._stocks.setdefault(name, StockName(len(self._stocks) + 1, name, now_ns))

    async def stock_names(self) -> Sequence[StockName]:
        """Return every name ever given, listed or not, by number."""
        return list(self._stocks.values())

    async def add_audit(self, time_ns: int, actor: int, action: str, subject: str, detail: str) -> None:
        """Append to the audit of users and sessions."""
        self._audit.append(AuditEntry(len(self._audit) + 1, time_ns, actor, action, subject, detail))

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
        return [
            entry
            for entry in reversed(self._audit)
            if (not before or entry.id < before)
            and start_ns <= entry.time_ns < end_ns
            and actor in (None, entry.actor)
            and action in (None, entry.action)
        ][:limit]

    def _known(self, account: int) -> User:
        if account not in self._users:
            raise UnknownUser
        return self._users[account]

    def _refuse_taken(self, user_name: str) -> None:
        if user_name in self._accounts or user_name in self._pending:
            raise UserNameTaken

    def _insert(self, user: User) -> None:
        self._users[user.account] = user
        self._accounts[user.user_name] = user.account
