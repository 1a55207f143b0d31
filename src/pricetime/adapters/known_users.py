"""Users that were looked up lately, so that a log-in costs the disk nothing it has just answered.

Only users that are stored are known, never that one is missing: another process may add some at any time. Who
changes a user forgets them here, after the change is stored and before anybody is told of it.
"""

from __future__ import annotations

from collections import OrderedDict

from pricetime.ports import User


class KnownUsers:
    """At most ``limit`` users, by account and by name; the longest unused is forgotten first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._users: OrderedDict[int, User] = OrderedDict()
        self._accounts: dict[str, int] = {}

    def of_account(self, account: int) -> User | None:
        """Return the user of an account, where it is known."""
        user = self._users.get(account)
        if user is not None:
            self._users.move_to_end(account)
        return user

    def named(self, user_name: str) -> User | None:
        """Return the user of a name, where it is known."""
        account = self._accounts.get(user_name)
        return None if account is None else self.of_account(account)

    def remember(self, user: User) -> User:
        """Know a user as just stored or read; return them."""
        self._users[user.account] = user
        self._accounts[user.user_name] = user.account
        if len(self._users) > self._limit:
            _, oldest = self._users.popitem(last=False)
            del self._accounts[oldest.user_name]
        return user

    def forget(self, account: int) -> None:
        """Know a user no more."""
        user = self._users.pop(account, None)
        if user is not None:
            del self._accounts[user.user_name]
