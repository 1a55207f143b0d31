"""Users: registered once, under one name, with one account in the venue.

Invariants: a user is stored only after the venue has opened their account; a name belongs to one user
from the moment their registration begins. A stop between the two steps leaves an empty account that
nobody owns, and the name free.

Administrators are made outside the server (``add_pending_admin``), which alone may open accounts: they
are kept as pending users, with their password's hash, and completed when the server starts or when they
first log in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Iterator

import structlog

from pricetime.errors import AccountsFailed, DatabaseFailed, UnknownUser, UserNameTaken, WeakPassword
from pricetime.identity.names import tidy_person_name, tidy_user_name
from pricetime.identity.roles import Role
from pricetime.identity.turns import Turns
from pricetime.ports import Accounts, Clock, PasswordHasher, PendingUser, Registrations, User

PASSWORD_LIMIT = 1_024
"""Characters of a password, so that nobody sends megabytes to be hashed."""

_log = structlog.get_logger(__name__)

OpenAccount = Callable[[str], Awaitable[int]]
"""Opens an account in the venue, durably, for the request with this id, and returns its number."""


class Users:
    """Registration and lookup of users."""

    def __init__(
        self,
        accounts: Accounts,
        hasher: PasswordHasher,
        clock: Clock,
        open_account: OpenAccount,
        registrations: Registrations | None = None,
    ) -> None:
        self._accounts = accounts
        self._hasher = hasher
        self._clock = clock
        self._open_account = open_account
        self._registrations = registrations
        self._registering: set[str] = set()
        self._turns = Turns()

    async def register(
        self, user_name: str, password: str, name: str, *, min_length: int, request: str = ""
    ) -> User | PendingUser:
        """Store a new trader; InvalidUser, WeakPassword, UserNameTaken.

        Where the storage is away and registrations may wait, theirs waits, and they are pending.
        """
        user_name, name = tidy_user_name(user_name), tidy_person_name(name)
        check_password(password, min_length)
        with self._reserved(user_name):
            try:
                await self._refuse_taken(user_name)
                password_hash = await self._hasher.hash(password)
                user = await self._with_account(user_name, name, password_hash, Role.TRADER, request)
                await self._accounts.add_user(user)
            except (AccountsFailed, DatabaseFailed):
                if self._registrations is None:
                    raise
                return await self._to_wait(self._registrations, user_name, name, password)
        return user

    async def write_waiting(self) -> None:
        """Make pending users of the registrations that wait; AccountsFailed where the storage is away yet."""
        for user in await self._registrations.waiting() if self._registrations else ():
            try:
                await self._accounts.add_pending_user(user)
            except UserNameTaken:
                if not await self._is_written(user):
                    _log.warning("a registration waited for a name that is taken", user_name=user.user_name)
            assert self._registrations is not None, "it had this one"
            await self._registrations.remove(user.user_name)

    async def find(self, user_name: str) -> User | PendingUser | None:
        """Return who has a name; where their registration still waits, it is written first."""
        known = await self._named(user_name)
        if known is None and self._registrations is not None:
            if any(user.user_name == user_name for user in await self._registrations.waiting()):
                await self.write_waiting()
            known = await self._named(user_name)  # whoever has written it
        return known

    async def of_account(self, account: int) -> User:
        """Return the user of an account; UnknownUser."""
        user = await self._accounts.user_by_account(account)
        if user is None:
            raise UnknownUser
        return user

    async def complete(self, pending: PendingUser) -> User:
        """Give a pending user their account; whoever else did so in the meantime has done it."""
        async with self._turns.of(pending.user_name):
            if user := await self._accounts.user_by_name(pending.user_name):
                return user
            user = await self._with_account(
                pending.user_name, pending.name, pending.password_hash, pending.role
            )
            try:
                await self._accounts.complete_pending_user(user)
            except UnknownUser:
                if known := await self._accounts.user_by_name(pending.user_name):
                    return known  # another process was faster; the account just opened stays empty
                raise
            return user

    async def complete_all(self) -> list[User]:
        """Complete every pending user; return them."""
        return [await self.complete(pending) for pending in await self._accounts.pending_users()]

    @contextlib.contextmanager
    def _reserved(self, user_name: str) -> Iterator[None]:
        """Hold a name for one registration, which takes long enough for another to ask for it."""
        if user_name in self._registering:
            raise UserNameTaken
        self._registering.add(user_name)
        try:
            yield
        finally:
            self._registering.discard(user_name)

    async def _to_wait(
        self, registrations: Registrations, user_name: str, name: str, password: str
    ) -> PendingUser:
        password_hash = await self._hasher.hash(password)
        user = PendingUser(user_name, name, password_hash, Role.TRADER, self._clock.now_ns())
        await registrations.add(user)
        return user

    async def _is_written(self, waited: PendingUser) -> bool:
        """Return whether it is this user who has the name, perhaps by another process."""
        known = await self._named(waited.user_name)
        return known is not None and known.password_hash == waited.password_hash

    async def _named(self, user_name: str) -> User | PendingUser | None:
        return await self._accounts.user_by_name(user_name) or await self._accounts.pending_user(user_name)

    async def _refuse_taken(self, user_name: str) -> None:
        # An account that is opened cannot be closed again, so the name is checked before.
        if await self._accounts.is_taken(user_name):
            raise UserNameTaken

    async def _with_account(
        self, user_name: str, name: str, password_hash: bytes, role: str, request: str = ""
    ) -> User:
        return User(
            account=await self._open_account(request),
            user_name=user_name,
            name=name,
            password_hash=password_hash,
            role=role,
            created_ns=self._clock.now_ns(),
        )


def check_password(password: str, min_length: int) -> None:
    """Raise WeakPassword, with a sentence, unless the password has an allowed length in characters."""
    if len(password) < max(min_length, 1):
        raise WeakPassword(f"The password is shorter than {max(min_length, 1)} characters.")
    if len(password) > PASSWORD_LIMIT:
        raise WeakPassword(f"The password is longer than {PASSWORD_LIMIT} characters.")


async def add_pending_admin(
    accounts: Accounts,
    hasher: PasswordHasher,
    clock: Clock,
    *,
    user_name: str,
    password: str,
    name: str,
    min_length: int = 1,
) -> PendingUser:
    """Make an administrator, whether or not a server runs; InvalidUser, WeakPassword, UserNameTaken."""
    user_name, name = tidy_user_name(user_name), tidy_person_name(name)
    check_password(password, min_length)
    admin = PendingUser(
        user_name=user_name,
        name=name,
        password_hash=await hasher.hash(password),
        role=Role.ADMIN,
        created_ns=clock.now_ns(),
    )
    await accounts.add_pending_user(admin)
    await accounts.add_audit(admin.created_ns, 0, "admin_created", user_name, "outside the server")
    return admin
