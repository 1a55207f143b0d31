"""Identity: who somebody is, and what they may do. The one door to users, sessions, roles and lock-out.

Rules only: storage, password hashes, tokens, the clock and the venue come through ports. Every act that
an auditor asks about is in the audit before its caller is answered.

Invariants: nothing tells whether a user name exists but registering it: an unknown user and a wrong
password take the same time, are counted the same, and answer the same. There is always an administrator
left once there was one. A change of password, role or admission ends sessions where it happened, and also
where nobody can tell whether it did: whatever fails leaves too few of them rather than too many.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NoReturn

from pricetime.errors import InvalidUser, LockedOut, NotAllowed, QueueFull, TokenInvalid, WrongPassword
from pricetime.identity.acts import Acts
from pricetime.identity.addresses import address_key
from pricetime.identity.lockout import Lockout
from pricetime.identity.names import printable, tidy_user_name
from pricetime.identity.roles import Role, role_named
from pricetime.identity.sessions import IssuedToken, Session, Sessions, SessionTokens, TokenKind
from pricetime.identity.turns import Turns
from pricetime.identity.users import OpenAccount, Users, check_password
from pricetime.ports import Accounts, Clock, PasswordHasher, PendingUser, Registrations, TokenSigner, User
from pricetime.settings import Settings

_ADMINS = "admins"
_LAST_ADMIN = "This is the last administrator. Make another user one first."


class Identity:
    """Users and sessions of one venue. ``start`` comes before everything else."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        hasher: PasswordHasher,
        signer: TokenSigner,
        clock: Clock,
        settings: Settings,
        open_account: OpenAccount,
        registrations: Registrations | None = None,
    ) -> None:
        self._accounts = accounts
        self._hasher = hasher
        self._now_ns = clock.now_ns
        self._min_length = settings.password_min_length
        self._users = Users(accounts, hasher, clock, open_account, registrations)
        self._sessions = Sessions(accounts, signer, clock, settings)
        self._turns = Turns()
        self._acts = Acts()
        self._user_failures = _lockout(settings, settings.lockout_failures)
        self._address_failures = _lockout(settings, settings.lockout_address_failures)
        self.lockouts = (self._user_failures, self._address_failures)
        """Of user names and of addresses, for who shares them with other services."""
        self.authenticate = self._sessions.authenticate
        """``authenticate(token) -> Session``, or TokenInvalid; bound once because every request calls it."""
        self.csrf_token = self._sessions.csrf_token
        """``csrf_token(session_id)``: what the page of a session must send beside its cookie."""
        self.jwks = self._sessions.jwks
        self.note_revoked = self._sessions.note_revoked
        """``note_revoked(session_id, until_ns)``: another service has ended a session."""
        self.note_valid_from = self._sessions.revoke_before
        """``note_valid_from(account, time_ns)``: another service has ended an account's older tokens."""
        self.reload = self._sessions.load
        """``await reload()``: read what others have revoked."""

    async def start(self) -> None:
        """Read what is revoked and give pending users their accounts; the venue must be running."""
        await self._sessions.load()
        await self.complete_pending()

    # ---------------------------------------------------------------------------------------- users

    async def register(
        self,
        user_name: str,
        password: str,
        name: str,
        *,
        min_length: int = 1,
        address: str = "",
        request: str = "",
    ) -> User | PendingUser:
        """Open an account in the venue and store its user; InvalidUser, WeakPassword, UserNameTaken.

        One who is pending gets the account later, and can log in from then on. ``request`` is the id of the
        one that asks, for the logs of all that the account comes to.
        """
        user = await self._users.register(user_name, password, name, min_length=min_length, request=request)
        if isinstance(user, User):
            await self._audit(user.account, "register", user.user_name, address)
        return user

    async def complete_pending(self) -> None:
        """Write the registrations that wait, and give pending users their accounts; AccountsFailed."""
        await self._users.write_waiting()
        for user in await self._users.complete_all():
            await self._audit(user.account, "register", user.user_name, f"as {user.role}")

    async def user(self, account: int) -> User:
        """Return the user of an account; UnknownUser."""
        return await self._users.of_account(account)

    async def users(self, after: int, limit: int, *, beginning: str = "") -> Sequence[User]:
        """Return users after the account ``after``, by account, or by user names that begin somehow."""
        return await self._accounts.users(after, limit, beginning=beginning)

    async def login(self, user_name: str, password: str, address: str) -> User:
        """Return the user whose password this is; WrongPassword, LockedOut, or NotAllowed where closed."""
        user_name, known = await self._find(user_name)
        await self._check_password(user_name, known, password, address)
        if known is None:
            raise WrongPassword
        user = known if isinstance(known, User) else await self._completed(known)
        if user.disabled:
            await self._audit(user.account, "login_refused", user.user_name, address)
            raise NotAllowed("This user is closed. Ask an administrator.")
        user = await self._rehashed(user, password)
        await self._audit(user.account, "login", user.user_name, address)
        return user

    async def change_password(self, account: int, old: str, new: str, address: str = "") -> User:
        """Change a password and end every session of the user; the answer may open a new one.

        Raises WrongPassword, LockedOut, WeakPassword.
        """
        check_password(new, self._min_length)
        user = await self.user(account)
        await self._check_password(user.user_name, user, old, address)
        await self._acts.whole(self._change_password(user, await self._hasher.hash(new), address))
        return await self.user(account)

    # ------------------------------------------------------------------------------------- sessions

    async def issue(self, user: User, kind: TokenKind) -> IssuedToken:
        """Return a token without refresh for a user who just proved themselves; TokenInvalid."""
        async with self._turns.of(user.account):
            return self._sessions.issue(await self._sessions.unchanged(user), kind)

    async def open_session(self, user: User) -> SessionTokens:
        """Return an access and a refresh token for a user who just proved themselves; TokenInvalid."""
        async with self._turns.of(user.account):
            return await self._sessions.open(user)

    async def session_to_refresh(self, refresh_token: str) -> str:
        """Return the id of the session that a refresh token continues; TokenInvalid."""
        return (await self._sessions.refresh_token(refresh_token)).family

    async def refresh(self, refresh_token: str, *, shared: bool = False) -> tuple[User, SessionTokens]:
        """Trade a refresh token for new tokens; TokenInvalid, and used twice it ends its session.

        ``shared`` by the tabs of a browser, it brings the same tokens for as long as ``refresh_grace_s``.
        """
        known = await self._sessions.refresh_token(refresh_token)
        async with self._turns.of(known.account):
            user = await self.user(known.account)
            if user.disabled:
                raise TokenInvalid
            try:
                return user, await self._sessions.rotate(known, user, shared=shared)
            except TokenInvalid:
                await self._audit(0, "refresh_reused", user.user_name, "the session was ended")
                raise

    async def logout(self, session: Session) -> None:
        """End a session: its token and the tokens that refresh it."""
        async with self._turns.of(session.account):
            await self._sessions.end(session)
        await self._audit(session.account, "logout", session.user_name, "")

    async def logout_refreshed(self, refresh_token: str) -> None:
        """End the session that a refresh token continues, whatever its access tokens; TokenInvalid."""
        known = await self._sessions.refresh_token(refresh_token)
        async with self._turns.of(known.account):
            await self._sessions.revoke(known.family)
        await self._audit(known.account, "logout", (await self.user(known.account)).user_name, "")

    # ---------------------------------------------------------------------------------------- roles

    async def set_role(self, session: Session, account: int, role: str) -> User:
        """Give a user a role, as an administrator; NotAllowed, UnknownUser, InvalidUser.

        Their tokens end, because tokens carry the role; a refresh brings one with the new role.
        """
        await self._acts.whole(self._set_role(session, account, role_named(role)))
        return await self.user(account)

    async def set_disabled(self, session: Session, account: int, disabled: bool) -> User:
        """Close or open a user's way in, as an administrator; NotAllowed, UnknownUser. Sessions end."""
        await self._acts.whole(self._set_disabled(session, account, disabled))
        return await self.user(account)

    # ----------------------------------------------------------------------------------------- acts

    async def _change_password(self, user: User, new_hash: bytes, address: str) -> None:
        account = user.account
        async with self._turns.of(account):
            if (await self.user(account)).password_hash != user.password_hash:
                raise WrongPassword("The password was changed in the meantime.")
            async with self._ending_sessions(account) as valid_from_ns:
                await self._accounts.set_password_hash(account, new_hash, valid_from_ns)
        await self._audit(account, "password_changed", user.user_name, address)

    async def _set_role(self, session: Session, account: int, role: Role) -> None:
        async with self._turns.of(_ADMINS), self._turns.of(account):
            user = await self._changeable(session, account, stays_admin=role is Role.ADMIN)
            if user.role == role:
                self._sessions.revoke_before(account, user.tokens_valid_from_ns)
                return
            async with self._ending_tokens(account) as valid_from_ns:
                await self._accounts.set_role(account, role, valid_from_ns)
            if await self._was_last_admin(user):
                await self._accounts.set_role(account, user.role, self._sessions.stamp_ns())
                raise NotAllowed(_LAST_ADMIN)
        await self._audit(session.account, "role_changed", user.user_name, f"{user.role} to {role}")

    async def _set_disabled(self, session: Session, account: int, disabled: bool) -> None:
        async with self._turns.of(_ADMINS), self._turns.of(account):
            user = await self._changeable(session, account, stays_admin=not disabled)
            if user.disabled == disabled:
                self._sessions.revoke_before(account, user.tokens_valid_from_ns)
                if disabled:
                    await self._accounts.revoke_refresh_tokens(account)
                return
            async with self._ending_sessions(account) as valid_from_ns:
                await self._accounts.set_disabled(account, disabled, valid_from_ns)
            if await self._was_last_admin(user):
                await self._accounts.set_disabled(account, user.disabled, self._sessions.stamp_ns())
                raise NotAllowed(_LAST_ADMIN)
        await self._audit(session.account, "disabled" if disabled else "enabled", user.user_name, "")

    @asynccontextmanager
    async def _ending_tokens(self, account: int) -> AsyncIterator[int]:
        """Change a user within, as of the time that this gives; their tokens of before end."""
        valid_from_ns = self._sessions.stamp_ns()
        try:
            yield valid_from_ns
        finally:
            self._sessions.revoke_before(account, valid_from_ns)

    @asynccontextmanager
    async def _ending_sessions(self, account: int) -> AsyncIterator[int]:
        """Change a user within, as of the time that this gives; none of their sessions can be refreshed."""
        await self._accounts.revoke_refresh_tokens(account)
        try:
            async with self._ending_tokens(account) as valid_from_ns:
                yield valid_from_ns
        finally:  # again, because other processes may have stored some in the meantime
            await self._accounts.revoke_refresh_tokens(account)

    # ------------------------------------------------------------------------------------- in parts

    async def _find(self, typed: str) -> tuple[str, User | PendingUser | None]:
        """Return the name as it would be stored, and who has it; a name that cannot be, nobody has."""
        try:
            user_name = tidy_user_name(typed)
        except InvalidUser:
            return printable(typed), None
        return user_name, await self._users.find(user_name)

    async def _check_password(
        self, user_name: str, known: User | PendingUser | None, password: str, address: str
    ) -> None:
        """Return when the password is right; else count the failure and raise WrongPassword or LockedOut.

        The lock is looked at before, which saves the work, and after: of many guesses sent at once,
        those that come out after the lock has fallen must not tell whether they were right.
        """
        network = address_key(address)
        self._refuse_locked(user_name, network)
        right = await self._hasher.verify(password, known.password_hash if known else None)
        self._refuse_locked(user_name, network)
        if not right:
            await self._count_failure(user_name, network, address)
        self._user_failures.succeeded(user_name)

    def _refuse_locked(self, user_name: str, network: str) -> None:
        now_ns = self._now_ns()
        wait_s = max(
            self._user_failures.wait_s(user_name, now_ns), self._address_failures.wait_s(network, now_ns)
        )
        if wait_s:
            raise LockedOut(f"Too many failed attempts. Try again in {wait_s} s.", retry_after_s=wait_s)

    async def _count_failure(self, user_name: str, network: str, address: str) -> NoReturn:
        now_ns = self._now_ns()
        user_wait_s = self._user_failures.failed(user_name, now_ns)
        address_wait_s = self._address_failures.failed(network, now_ns) if network else 0
        await self._audit(0, "login_failed", user_name, address)
        if user_wait_s:
            await self._audit(0, "user_locked", user_name, f"{user_wait_s} s")
        if address_wait_s:
            await self._audit(0, "address_locked", network, f"{address_wait_s} s")
        raise WrongPassword

    async def _completed(self, pending: PendingUser) -> User:
        user = await self._users.complete(pending)
        await self._audit(user.account, "register", user.user_name, f"as {user.role}")
        return user

    async def _rehashed(self, user: User, password: str) -> User:
        """Bring an old hash to the cost of today, now that the password is at hand."""
        if not self._hasher.needs_rehash(user.password_hash):
            return user
        try:
            new_hash = await self._hasher.hash(password)
        except QueueFull:
            return user  # The log-in is right all the same; a quieter one will do it.
        async with self._turns.of(user.account):
            if (await self.user(user.account)).password_hash == user.password_hash:
                await self._accounts.set_password_hash(user.account, new_hash, None)
        return user

    async def _changeable(self, session: Session, account: int, *, stays_admin: bool) -> User:
        if session.role != Role.ADMIN:
            raise NotAllowed
        user = await self.user(account)
        if _is_admin(user) and not stays_admin and await self._accounts.admins() <= 1:
            raise NotAllowed(_LAST_ADMIN)
        return user

    async def _was_last_admin(self, user: User) -> bool:
        """Return whether no administrator is left now, because another process dismissed one at once."""
        return _is_admin(user) and await self._accounts.admins() == 0

    async def _audit(self, actor: int, action: str, subject: str, detail: str) -> None:
        await self._accounts.add_audit(self._now_ns(), actor, action, subject, detail)


def _is_admin(user: User) -> bool:
    return user.role == Role.ADMIN and not user.disabled


def _lockout(settings: Settings, failures: int) -> Lockout:
    return Lockout(
        failures=failures,
        base_s=settings.lockout_base_s,
        max_s=settings.lockout_max_s,
        keys_limit=settings.lockout_keys_limit,
    )
