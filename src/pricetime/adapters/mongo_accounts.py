"""Users, sessions, stock names and their audit in MongoDB, for all processes of a venue at once.

Nothing is kept in memory: a user whom another process has changed is seen as changed by the next look-up.
Each promise rests on one document, so none needs a transaction:

- A user name is the ``_id`` of its user, who is in one of two states: pending (``pending_since_ns``), or with
  an account. Completing one replaces the document while it is pending.
- A refresh token is used where ``used`` was false.
- A stock's name is its ``_id``, and its number is unique; who collides looks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from pricetime.adapters.mongo import Document, failing_as
from pricetime.adapters.mongo_partitions import MongoNumbers
from pricetime.adapters.mongo_schema import AUDIT, REFRESH_TOKENS, REVOKED_TOKENS, STOCK_NAMES, USERS
from pricetime.errors import AccountsFailed, DatabaseFailed, QueueFull, UnknownUser, UserNameTaken
from pricetime.ports import LATEST_NS, AuditEntry, PendingUser, RefreshToken, StockName, User

_LAST_CHARACTER: Final = "\U0010ffff"
_FOLDING: Final = str.maketrans(ascii_uppercase, ascii_lowercase)


class MongoAccounts:
    """``ports.Accounts`` in a database. ``queue_limit`` bounds the writes of this process that wait."""

    def __init__(self, database: AsyncDatabase[Document], *, queue_limit: int = 50_000) -> None:
        self._users = database[USERS]
        self._refresh = database[REFRESH_TOKENS]
        self._revoked = database[REVOKED_TOKENS]
        self._stocks = database[STOCK_NAMES]
        self._audit = database[AUDIT]
        self._numbers = MongoNumbers(database)
        self._queue_limit = queue_limit
        self._waiting = 0
        self._naming = asyncio.Lock()

    def close(self) -> None:
        """Do nothing: nothing is queued here, and the connections are closed by whoever made them."""

    # ---------------------------------------------------------------------------------------- users

    async def add_user(self, user: User) -> None:
        """Store a new user; UserNameTaken where the name is in use or pending."""
        await self._add(_document_of(user))

    async def add_pending_user(self, user: PendingUser) -> None:
        """Store a user to be given an account later; UserNameTaken where the name is in use or pending."""
        await self._add(
            {
                "_id": user.user_name,
                "name": user.name,
                "password_hash": user.password_hash,
                "role": user.role,
                "pending_since_ns": user.created_ns,
            }
        )

    async def pending_user(self, user_name: str) -> PendingUser | None:
        """Return the pending user of this name."""
        found = await self._named(user_name)
        return _pending_user(found) if found and "pending_since_ns" in found else None

    async def pending_users(self) -> Sequence[PendingUser]:
        """Return every pending user, oldest first."""
        pending = {"pending_since_ns": {"$exists": True}}
        oldest_first = {"pending_since_ns": ASCENDING, "_id": ASCENDING}
        with failing_as(AccountsFailed):
            return [_pending_user(each) async for each in self._users.find(pending, sort=oldest_first)]

    async def complete_pending_user(self, user: User) -> None:
        """Turn a pending user into a user in one step; UnknownUser where the name is not pending."""
        pending = {"_id": user.user_name, "pending_since_ns": {"$exists": True}}
        with self._writing():
            replaced = await self._users.replace_one(pending, _document_of(user))
        if not replaced.matched_count:
            raise UnknownUser

    async def is_taken(self, user_name: str) -> bool:
        """Return whether a user or a pending user has this name."""
        return await self._named(user_name) is not None

    async def user_by_name(self, user_name: str) -> User | None:
        """Return the user of this name."""
        found = await self._named(user_name)
        return _user(found) if found and "account" in found else None

    async def user_by_account(self, account: int) -> User | None:
        """Return the user of this account."""
        with failing_as(AccountsFailed):
            found = await self._users.find_one({"account": account})
        return _user(found) if found else None

    async def users(self, after: int, limit: int, *, beginning: str = "") -> Sequence[User]:
        """Return users after the account ``after``, by account, or by user names that begin somehow."""
        wanted: Document = {"account": {"$gt": after}}
        order: dict[str, Any] = {"account": ASCENDING}
        if beginning:
            last = await self.user_by_account(after)
            wanted = _beginning_with(_folded(beginning), last)
            order = {"folded_name": ASCENDING, "account": ASCENDING}
        with failing_as(AccountsFailed):
            return [_user(each) async for each in self._users.find(wanted, sort=order, limit=limit)]

    async def admins(self) -> int:
        """Return how many administrators there are who can log in."""
        with failing_as(AccountsFailed):
            return await self._users.count_documents({"role": "admin", "disabled": False})

    async def tokens_valid_from(self, since_ns: int) -> Sequence[tuple[int, int]]:
        """Return (account, tokens_valid_from_ns) of every user where it lies after the given time."""
        wanted = {"tokens_valid_from_ns": {"$gt": max(since_ns, 0)}}
        fields = {"account": True, "tokens_valid_from_ns": True}
        with failing_as(AccountsFailed):
            found = await self._users.find(wanted, fields).to_list()
        return [(each["account"], each["tokens_valid_from_ns"]) for each in found]

    async def set_password_hash(self, account: int, password_hash: bytes, valid_from_ns: int | None) -> None:
        """Replace a hash; with a time, also revoke every token issued before it; UnknownUser."""
        changes: Document = {"password_hash": password_hash}
        if valid_from_ns is not None:
            changes["tokens_valid_from_ns"] = valid_from_ns
        await self._change_user(account, changes)

    async def set_role(self, account: int, role: str, valid_from_ns: int) -> None:
        """Change a role and revoke every token issued before the given time; UnknownUser."""
        await self._change_user(account, {"role": role, "tokens_valid_from_ns": valid_from_ns})

    async def set_disabled(self, account: int, disabled: bool, valid_from_ns: int) -> None:
        """Close or open a user's way in and revoke every token issued before then; UnknownUser."""
        await self._change_user(account, {"disabled": disabled, "tokens_valid_from_ns": valid_from_ns})

    # ------------------------------------------------------------------------------------- sessions

    async def revoke_token(self, token_id: str, expires_ns: int) -> None:
        """Remember a revoked token or session id until its tokens would have expired."""
        with self._writing():
            await self._revoked.update_one(
                {"_id": token_id}, {"$max": {"expires_ns": expires_ns}}, upsert=True
            )

    async def revoked_tokens(self, now_ns: int) -> Sequence[tuple[str, int]]:
        """Return (id, expiry) of what is revoked and has not expired."""
        with failing_as(AccountsFailed):
            found = await self._revoked.find({"expires_ns": {"$gt": now_ns}}).to_list()
        return [(each["_id"], each["expires_ns"]) for each in found]

    async def forget_expired(self, now_ns: int) -> None:
        """Delete revocations and refresh tokens that have expired."""
        with self._writing():
            for tokens in (self._revoked, self._refresh):
                await tokens.delete_many({"expires_ns": {"$lte": now_ns}})

    async def add_refresh_token(self, token: RefreshToken) -> None:
        """Store a refresh token."""
        with self._writing():
            await self._refresh.insert_one(
                {
                    "_id": token.token_hash,
                    "family": token.family,
                    "account": token.account,
                    "expires_ns": token.expires_ns,
                    "used": token.used,
                }
            )

    async def refresh_token(self, token_hash: bytes) -> RefreshToken | None:
        """Return the refresh token of this hash, used or not."""
        with failing_as(AccountsFailed):
            found = await self._refresh.find_one({"_id": token_hash})
        if found is None:
            return None
        return RefreshToken(
            found["_id"], found["family"], found["account"], found["expires_ns"], found["used"]
        )

    async def use_refresh_token(self, token_hash: bytes) -> bool:
        """Mark a refresh token used; False where it was used before (by a thief or a retry)."""
        with self._writing():
            marked = await self._refresh.update_one(
                {"_id": token_hash, "used": False}, {"$set": {"used": True}}
            )
        return marked.matched_count == 1

    async def revoke_family(self, family: str) -> None:
        """Delete a refresh token and all that came from the same log-in."""
        with self._writing():
            await self._refresh.delete_many({"family": family})

    async def revoke_refresh_tokens(self, account: int) -> None:
        """Delete every refresh token of an account."""
        with self._writing():
            await self._refresh.delete_many({"account": account})

    # --------------------------------------------------------------------------------------- stocks

    async def name_stock(self, name: str, now_ns: int) -> StockName:
        """Return the stock of this name, given the next free number where the name is new."""
        with self._writing():
            async with self._naming:  # of this process one after the other; others may come between
                while True:
                    if known := await self._stocks.find_one({"_id": name}):
                        return _stock_name(known)
                    last = await self._stocks.find_one(sort={"stock": DESCENDING})
                    stock = StockName(last["stock"] + 1 if last else 1, name, now_ns)
                    with suppress(DuplicateKeyError):
                        await self._stocks.insert_one(
                            {"_id": name, "stock": stock.stock, "created_ns": now_ns}
                        )
                        return stock

    async def stock_names(self) -> Sequence[StockName]:
        """Return every name ever given, listed or not, by number."""
        with failing_as(AccountsFailed):
            return [_stock_name(each) async for each in self._stocks.find(sort={"stock": ASCENDING})]

    # ---------------------------------------------------------------------------------------- audit

    async def add_audit(self, time_ns: int, actor: int, action: str, subject: str, detail: str) -> None:
        """Append to the audit of users and sessions."""
        entry = {"time_ns": time_ns, "actor": actor, "action": action, "subject": subject, "detail": detail}
        with self._writing():
            await self._audit.insert_one({"_id": await self._numbers.next("audit"), **entry})

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
        wanted: Document = {"_id": {"$lt": before or LATEST_NS}}
        if start_ns > 0 or end_ns < LATEST_NS:
            wanted["time_ns"] = {"$gte": start_ns, "$lt": end_ns}
        wanted |= {name: value for name, value in (("actor", actor), ("action", action)) if value is not None}
        with failing_as(AccountsFailed):
            found = await self._audit.find(wanted, sort={"_id": DESCENDING}, limit=limit).to_list()
        return [
            AuditEntry(
                each["_id"], each["time_ns"], each["actor"], each["action"], each["subject"], each["detail"]
            )
            for each in found
        ]

    # ------------------------------------------------------------------------------------- in parts

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write within; QueueFull where too many do, AccountsFailed where it may or may not be written."""
        if self._waiting >= self._queue_limit:
            raise QueueFull
        self._waiting += 1
        try:
            with failing_as(AccountsFailed):
                yield
        except DatabaseFailed as error:
            raise AccountsFailed(str(error)) from error
        finally:
            self._waiting -= 1

    async def _named(self, user_name: str) -> Document | None:
        with failing_as(AccountsFailed):
            return await self._users.find_one({"_id": user_name})

    async def _add(self, document: Document) -> None:
        with self._writing():
            try:
                await self._users.insert_one(document)
            except DuplicateKeyError as error:
                raise UserNameTaken from error

    async def _change_user(self, account: int, changes: Document) -> None:
        with self._writing():
            changed = await self._users.update_one({"account": account}, {"$set": changes})
        if not changed.matched_count:
            raise UnknownUser


def _folded(user_name: str) -> str:
    """Return a name with the capitals of ASCII made small, by which names are looked up."""
    return user_name.translate(_FOLDING)


def _beginning_with(beginning: str, last: User | None) -> Document:
    """Return what finds users whose folded names begin so, those after ``last``, by name and account."""
    names: Document = {"$gte": beginning, "$lt": beginning + _LAST_CHARACTER}
    if last is None:
        return {"folded_name": names}
    reached = _folded(last.user_name)
    after = [{"folded_name": {"$gt": reached}}, {"folded_name": reached, "account": {"$gt": last.account}}]
    return {"folded_name": names, "$or": after}


def _document_of(user: User) -> Document:
    return {
        "_id": user.user_name,
        "account": user.account,
        "folded_name": _folded(user.user_name),
        "name": user.name,
        "password_hash": user.password_hash,
        "role": user.role,
        "created_ns": user.created_ns,
        "disabled": user.disabled,
        "tokens_valid_from_ns": user.tokens_valid_from_ns,
    }


def _user(document: Document) -> User:
    return User(
        document["account"],
        document["_id"],
        document["name"],
        document["password_hash"],
        document["role"],
        document["created_ns"],
        document["disabled"],
        document["tokens_valid_from_ns"],
    )


def _pending_user(document: Document) -> PendingUser:
    return PendingUser(
        document["_id"],
        document["name"],
        document["password_hash"],
        document["role"],
        document["pending_since_ns"],
    )


def _stock_name(document: Document) -> StockName:
    return StockName(document["stock"], document["_id"], document["created_ns"])
