"""Users, sessions, stock names and their audit in one SQLite database.

Writes go through one thread that commits them in groups (``group_commit``). Reads are single look-ups over
an index and run where they are called, on a connection of their own: at about 5 µs they cost less than
handing them to a thread (about 100 µs), and in WAL mode no writer can hold them up.

Invariants: user names are unique among users and pending users; a stock's number is never given twice.
Another process (``pricetime admin create``) may write too.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pricetime.adapters.group_commit import GroupCommit, Log, failure
from pricetime.adapters.known_users import KnownUsers
from pricetime.adapters.sqlite_accounts_schema import open_database
from pricetime.adapters.sqlite_times import first_since
from pricetime.errors import AccountsFailed, UnknownUser, UserNameTaken
from pricetime.ports import LATEST_NS, AuditEntry, PendingUser, RefreshToken, StockName, User

_NEWEST: Final = 2**63 - 1
_USER: Final = (
    "SELECT account, user_name, name, password_hash, role, created_ns, disabled, tokens_valid_from_ns"
    " FROM users"
)
_USERS_BY_NAME: Final = f"""{_USER}
    WHERE (user_name COLLATE NOCASE, account) > (?, ?)
    AND user_name COLLATE NOCASE >= ? AND user_name COLLATE NOCASE < ?
    ORDER BY user_name COLLATE NOCASE, account LIMIT ?"""
_LAST_CHARACTER: Final = "\U0010ffff"
_PENDING: Final = "SELECT user_name, name, password_hash, role, created_ns FROM pending_users"
_REFRESH: Final = "SELECT token_hash, family, account, expires_ns, used FROM refresh_tokens"
_AUDIT_LOG: Final = Log("INSERT INTO audit (time_ns, actor, action, subject, detail)", columns=5)
_ACT_FROM: Final = "SELECT id, time_ns FROM audit WHERE id >= ? ORDER BY id LIMIT 1"
_AUDIT: Final = "SELECT id, time_ns, actor, action, subject, detail FROM audit"


class SqliteAccounts:
    """``ports.Accounts`` in a file, made where it is absent; AccountsFailed where it is damaged."""

    def __init__(self, path: Path, *, queue_limit: int = 50_000, users_cached: int = 50_000) -> None:
        try:
            writing, self._reading = open_database(path)
        except (sqlite3.Error, OSError) as error:
            raise AccountsFailed(f"The users' database {path} cannot be opened: {error}.") from error
        self._writer = GroupCommit(writing, log=_AUDIT_LOG, queue_limit=queue_limit)
        self._known = KnownUsers(users_cached)

    def close(self) -> None:
        """Write what is queued and release the files; safe to call twice."""
        self._writer.close()
        self._reading.close()

    def check(self) -> list[str]:
        """Return what is wrong with the file; nothing when it is whole."""
        try:
            return [fault for (fault,) in self._rows("PRAGMA integrity_check") if fault != "ok"]
        except AccountsFailed as error:
            return [str(error)]

    # ---------------------------------------------------------------------------------------- users

    async def add_user(self, user: User) -> None:
        """Store a new user; UserNameTaken where the name is in use or pending."""

        def work(connection: sqlite3.Connection) -> None:
            if _exists(connection, "pending_users", user.user_name):
                raise UserNameTaken
            _insert_user(connection, user)

        await self._writer.write(work)
        self._known.remember(user)

    async def add_pending_user(self, user: PendingUser) -> None:
        """Store a user to be given an account later; UserNameTaken where the name is in use or pending."""

        def work(connection: sqlite3.Connection) -> None:
            taken = _exists(connection, "users", user.user_name)
            if taken or _exists(connection, "pending_users", user.user_name):
                raise UserNameTaken
            connection.execute(
                "INSERT INTO pending_users VALUES (?, ?, ?, ?, ?)",
                (user.user_name, user.name, user.password_hash, user.role, user.created_ns),
            )

        await self._writer.write(work)

    async def pending_user(self, user_name: str) -> PendingUser | None:
        """Return the pending user of this name."""
        row = self._row(f"{_PENDING} WHERE user_name = ?", user_name)
        return PendingUser(*row) if row else None

    async def pending_users(self) -> Sequence[PendingUser]:
        """Return every pending user, oldest first."""
        return [PendingUser(*row) for row in self._rows(f"{_PENDING} ORDER BY created_ns, user_name")]

    async def complete_pending_user(self, user: User) -> None:
        """Turn a pending user into a user in one step; UnknownUser where the name is not pending."""

        def work(connection: sqlite3.Connection) -> None:
            if not _changes(connection, "DELETE FROM pending_users WHERE user_name = ?", user.user_name):
                raise UnknownUser
            _insert_user(connection, user)

        await self._writer.write(work)

    async def is_taken(self, user_name: str) -> bool:
        """Return whether a user or a pending user has this name."""
        row = self._row(
            "SELECT EXISTS (SELECT 1 FROM users WHERE user_name = ?1)"
            " OR EXISTS (SELECT 1 FROM pending_users WHERE user_name = ?1)",
            user_name,
        )
        return row is not None and bool(row[0])

    async def user_by_name(self, user_name: str) -> User | None:
        """Return the user of this name."""
        return self._known.named(user_name) or self._user_where("user_name = ?", user_name)

    async def user_by_account(self, account: int) -> User | None:
        """Return the user of this account."""
        return self._known.of_account(account) or self._user_where("account = ?", account)

    async def users(self, after: int, limit: int, *, beginning: str = "") -> Sequence[User]:
        """Return users after the account ``after``, by account, or by user names that begin somehow."""
        if not beginning:
            rows = self._rows(f"{_USER} WHERE account > ? ORDER BY account LIMIT ?", after, limit)
        else:
            last = await self.user_by_account(after)
            start = (last.user_name, after) if last else (beginning, 0)
            rows = self._rows(_USERS_BY_NAME, *start, beginning, beginning + _LAST_CHARACTER, limit)
        return [_user(row) for row in rows]

    async def admins(self) -> int:
        """Return how many administrators there are who can log in."""
        row = self._row("SELECT count(*) FROM users WHERE role = 'admin' AND disabled = 0")
        return int(row[0]) if row else 0

    async def tokens_valid_from(self, since_ns: int) -> Sequence[tuple[int, int]]:
        """Return (account, tokens_valid_from_ns) of every user where it lies after the given time."""
        return self._rows(
            "SELECT account, tokens_valid_from_ns FROM users"
            " WHERE tokens_valid_from_ns > 0 AND tokens_valid_from_ns > ?",
            since_ns,
        )

    async def set_password_hash(self, account: int, password_hash: bytes, valid_from_ns: int | None) -> None:
        """Replace a hash; with a time, also revoke every token issued before it; UnknownUser."""
        await self._change_user(
            account,
            "password_hash = ?, tokens_valid_from_ns = coalesce(?, tokens_valid_from_ns)",
            password_hash,
            valid_from_ns,
        )

    async def set_role(self, account: int, role: str, valid_from_ns: int) -> None:
        """Change a role and revoke every token issued before the given time; UnknownUser."""
        await self._change_user(account, "role = ?, tokens_valid_from_ns = ?", role, valid_from_ns)

    async def set_disabled(self, account: int, disabled: bool, valid_from_ns: int) -> None:
        """Close or open a user's way in and revoke every token issued before then; UnknownUser."""
        await self._change_user(
            account, "disabled = ?, tokens_valid_from_ns = ?", int(disabled), valid_from_ns
        )

    # ------------------------------------------------------------------------------------- sessions

    async def revoke_token(self, token_id: str, expires_ns: int) -> None:
        """Remember a revoked token or session id until its tokens would have expired."""
        await self._write(
            "INSERT INTO revoked_tokens VALUES (?1, ?2)"
            " ON CONFLICT (token_id) DO UPDATE SET expires_ns = max(expires_ns, ?2)",
            token_id,
            expires_ns,
        )

    async def revoked_tokens(self, now_ns: int) -> Sequence[tuple[str, int]]:
        """Return (id, expiry) of what is revoked and has not expired."""
        return self._rows("SELECT token_id, expires_ns FROM revoked_tokens WHERE expires_ns > ?", now_ns)

    async def forget_expired(self, now_ns: int) -> None:
        """Delete revocations and refresh tokens that have expired."""
        await self._write("DELETE FROM revoked_tokens WHERE expires_ns <= ?", now_ns)
        await self._write("DELETE FROM refresh_tokens WHERE expires_ns <= ?", now_ns)

    async def add_refresh_token(self, token: RefreshToken) -> None:
        """Store a refresh token."""
        await self._write(
            "INSERT INTO refresh_tokens VALUES (?, ?, ?, ?, ?)",
            token.token_hash,
            token.family,
            token.account,
            token.expires_ns,
            int(token.used),
        )

    async def refresh_token(self, token_hash: bytes) -> RefreshToken | None:
        """Return the refresh token of this hash, used or not."""
        row = self._row(f"{_REFRESH} WHERE token_hash = ?", token_hash)
        return _refresh_token(row) if row else None

    async def use_refresh_token(self, token_hash: bytes) -> bool:
        """Mark a refresh token used; False where it was used before (by a thief or a retry)."""
        sql = "UPDATE refresh_tokens SET used = 1 WHERE token_hash = ? AND used = 0"
        return bool(await self._write(sql, token_hash))

    async def revoke_family(self, family: str) -> None:
        """Delete a refresh token and all that came from the same log-in."""
        await self._write("DELETE FROM refresh_tokens WHERE family = ?", family)

    async def revoke_refresh_tokens(self, account: int) -> None:
        """Delete every refresh token of an account."""
        await self._write("DELETE FROM refresh_tokens WHERE account = ?", account)

    # --------------------------------------------------------------------------------------- stocks

    async def name_stock(self, name: str, now_ns: int) -> StockName:
        """Return the stock of this name, given the next free number where the name is new."""

        def work(connection: sqlite3.Connection) -> StockName:
            connection.execute(
                "INSERT INTO stock_names SELECT coalesce(max(stock), 0) + 1, ?, ? FROM stock_names"
                " WHERE true ON CONFLICT (name) DO NOTHING",
                (name, now_ns),
            )
            sql = "SELECT stock, name, created_ns FROM stock_names WHERE name = ?"
            return StockName(*connection.execute(sql, (name,)).fetchone())

        return await self._writer.write(work)

    async def stock_names(self) -> Sequence[StockName]:
        """Return every name ever given, listed or not, by number."""
        return [
            StockName(*row)
            for row in self._rows("SELECT stock, name, created_ns FROM stock_names ORDER BY stock")
        ]

    # ---------------------------------------------------------------------------------------- audit

    async def add_audit(self, time_ns: int, actor: int, action: str, subject: str, detail: str) -> None:
        """Append to the audit of users and sessions."""
        await self._writer.append((time_ns, actor, action, subject, detail))

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
        last = self._first_act(end_ns) if end_ns < LATEST_NS else _NEWEST
        wanted = [
            ("id >= ?", self._first_act(start_ns) if start_ns > 0 else 0),
            ("id < ?", min(before or _NEWEST, last)),
            ("actor = ?", actor),
            ("action = ?", action),
        ]
        given = [(clause, value) for clause, value in wanted if value is not None]
        clauses = " AND ".join(clause for clause, _ in given)
        sql = f"{_AUDIT} WHERE {clauses} ORDER BY id DESC LIMIT ?"
        rows = self._rows(sql, *(value for _, value in given), limit)
        return [AuditEntry(*row) for row in rows]

    def _first_act(self, time_ns: int) -> int:
        """Return the id from which on entries of the audit are of a time or later."""
        row = self._row("SELECT max(id) FROM audit")
        return first_since(lambda id_: self._row(_ACT_FROM, id_), (row and row[0]) or 0, time_ns)

    # ------------------------------------------------------------------------------------- in parts

    def _row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        rows = self._rows(sql, *values)
        return rows[0] if rows else None

    def _rows(self, sql: str, *values: object) -> list[Any]:
        try:
            return self._reading.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise failure(error) from error

    async def _write(self, sql: str, *values: object) -> int:
        """Return how many rows the statement changed."""
        return await self._writer.write(lambda connection: _changes(connection, sql, *values))

    def _user_where(self, condition: str, value: object) -> User | None:
        row = self._row(f"{_USER} WHERE {condition}", value)
        return self._known.remember(_user(row)) if row else None

    async def _change_user(self, account: int, changes: str, *values: object) -> None:
        change = self._write(f"UPDATE users SET {changes} WHERE account = ?", *values, account)  # noqa: S608
        changing = asyncio.ensure_future(change)
        # Whoever waits for it may be cancelled; the change happens all the same, and only then is forgotten.
        changing.add_done_callback(lambda _: self._known.forget(account))
        if not await asyncio.shield(changing):
            raise UnknownUser


def _insert_user(connection: sqlite3.Connection, user: User) -> None:
    row = (user.account, user.user_name, user.name, user.password_hash, user.role, user.created_ns)
    if _exists(connection, "users", user.user_name):
        raise UserNameTaken
    connection.execute(
        "INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, int(user.disabled), user.tokens_valid_from_ns),
    )


def _exists(connection: sqlite3.Connection, table: str, user_name: str) -> bool:
    sql = f"SELECT 1 FROM {table} WHERE user_name = ?"  # noqa: S608 - the table is one of ours
    return connection.execute(sql, (user_name,)).fetchone() is not None


def _changes(connection: sqlite3.Connection, sql: str, *values: object) -> int:
    return connection.execute(sql, values).rowcount


def _user(row: tuple[Any, ...]) -> User:
    account, user_name, name, password_hash, role, created_ns, disabled, valid_from_ns = row
    return User(account, user_name, name, password_hash, role, created_ns, bool(disabled), valid_from_ns)


def _refresh_token(row: tuple[Any, ...]) -> RefreshToken:
    token_hash, family, account, expires_ns, used = row
    return RefreshToken(token_hash, family, account, expires_ns, bool(used))
