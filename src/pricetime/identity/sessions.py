"""Sessions: tokens issued, recognised and revoked.

A log-in at ``/v1`` opens a session: short access tokens, and a chain of refresh tokens (its family) of
which each works once. A ``daytrade`` token is a session of its own.

Invariants: every token is issued, and every revocation made, at a time of its own (``stamp_ns``), so
whether a token is older than a revocation is never in doubt, even within one second or when the clock
is set back. A token counts only while it has not expired, its session is not revoked, and it was issued
after its user's last change of password, role or admission. Those three are looked up in memory at
every request; a signature is checked once, and of tokens just issued here not at all.

Whoever changes or issues tokens of an account holds that account's turn (``Turns``). That holds off this
process alone: after a refresh token is stored it is read again what another may have ended in the meantime.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from pricetime.errors import TokenInvalid
from pricetime.ports import Accounts, Clock, RefreshToken, TokenClaims, TokenSigner, User
from pricetime.settings import Settings

SECOND_NS: Final = 1_000_000_000
TIDY_EVERY_NS: Final = 600 * SECOND_NS
LONGEST_TOKEN_LIFE_NS: Final = 2_592_000 * SECOND_NS
"""No setting allows a token of ``authenticate`` to live longer, so older revocations are moot."""
_LOOKS: Final = 20
_LOOK_S: Final = 0.05
"""How often, and how long apart, to look for a token that another process may just be storing."""

TokenKind = Literal["access", "daytrade"]


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks, as their token says. Times are nanoseconds since 1970."""

    account: int
    role: str
    token_id: str
    expires_ns: int
    user_name: str
    issued_ns: int
    session_id: str
    kind: str


class IssuedToken(NamedTuple):
    """A token and the seconds it lives."""

    token: str
    expires_in_s: int


class SessionTokens(NamedTuple):
    """What a log-in at ``/v1`` is given. ``expires_in_s`` is the life of the access token."""

    access_token: str
    refresh_token: str
    expires_in_s: int


class Sessions:
    """The sessions of one venue. ``load`` comes before everything else."""

    def __init__(self, accounts: Accounts, signer: TokenSigner, clock: Clock, settings: Settings) -> None:
        self._accounts = accounts
        self._signer = signer
        self._now_ns = clock.now_ns
        self._life_s = {
            "access": settings.access_token_lifetime_s,
            "daytrade": settings.daytrade_token_lifetime_s,
        }
        self._refresh_life_ns = settings.refresh_token_lifetime_s * SECOND_NS
        self._cache_limit = settings.tokens_cached
        self._cache: OrderedDict[str, Session] = OrderedDict()
        self._revoked: dict[str, int] = {}
        self._valid_from: dict[int, int] = {}
        self._last_stamp_ns = 0
        self._next_tidy_ns = 0
        self._grace_ns = settings.refresh_grace_s * SECOND_NS

    async def load(self) -> None:
        """Read what is revoked, and again at any time where others may have revoked."""
        now_ns = self._now_ns()
        self._forget_ended(now_ns)
        for session_id, until_ns in await self._accounts.revoked_tokens(now_ns):
            self.note_revoked(session_id, until_ns)
        for account, valid_from_ns in await self._accounts.tokens_valid_from(now_ns - LONGEST_TOKEN_LIFE_NS):
            self.revoke_before(account, valid_from_ns)
        self._last_stamp_ns = max(self._last_stamp_ns, *self._valid_from.values(), 0)

    def stamp_ns(self) -> int:
        """Return the time now, later than every stamp before."""
        self._last_stamp_ns = max(self._now_ns(), self._last_stamp_ns + 1)
        return self._last_stamp_ns

    def authenticate(self, token: str) -> Session:
        """Return the session of a token; TokenInvalid. This is on the way of every request."""
        session = self._cache.get(token)
        if session is None:
            session = self._remember(token, self._signer.verify(token))
        else:
            self._cache.move_to_end(token)
        if (
            session.expires_ns <= self._now_ns()
            or session.session_id in self._revoked
            or session.issued_ns < self._valid_from.get(session.account, 0)
        ):
            del self._cache[token]
            raise TokenInvalid
        return session

    def issue(self, user: User, kind: TokenKind) -> IssuedToken:
        """Sign a token for a user as read a moment ago, in the account's turn."""
        token_id = secrets.token_hex(16)
        return self._sign(user, kind, token_id, session_id=token_id, issued_ns=self.stamp_ns())

    async def open(self, user: User) -> SessionTokens:
        """Open a session with a new family of refresh tokens; TokenInvalid as ``unchanged``."""
        secret = secrets.token_urlsafe(32)
        refresh = await self._store(user, secrets.token_hex(16), secret)
        try:
            return self._tokens(await self.unchanged(user), refresh, secret)
        except TokenInvalid:
            await self.revoke(refresh.family)
            raise

    async def unchanged(self, user: User) -> User:
        """Return the user as stored now; TokenInvalid where what they proved no longer holds."""
        now = await self._accounts.user_by_account(user.account)
        if now is None or now.disabled or now.tokens_valid_from_ns != user.tokens_valid_from_ns:
            raise TokenInvalid("This user was changed in the meantime. Log in again.")
        return now

    async def refresh_token(self, text: str) -> RefreshToken:
        """Return what is known of a refresh token; TokenInvalid where it is unknown or has expired."""
        known = await self._accounts.refresh_token(_hash_of(text))
        if known is None or known.expires_ns <= self._now_ns():
            raise TokenInvalid("The refresh token is unknown, expired or revoked. Log in again.")
        return known

    async def rotate(self, known: RefreshToken, user: User, *, shared: bool = False) -> SessionTokens:
        """Use a refresh token and go on with a new one; used before: its whole family is revoked.

        ``shared``: the tabs of a browser hold it together, and an answer may be lost on its way, so for a
        grace it brings the same tokens again. They are made of the one before and a key of the venue, so any
        of its processes can tell them again, and nobody else.
        """
        secret = self._secret_after(known) if shared else secrets.token_urlsafe(32)
        if await self._accounts.use_refresh_token(known.token_hash):
            refresh = await self._store(user, known.family, secret)
            # Whoever ends a session deletes all its refresh tokens: of those that it may have missed, this
            # one is new, and the one before is gone. A new role only has to be told by the new token.
            now, before = await asyncio.gather(
                self._accounts.user_by_account(user.account), self._accounts.refresh_token(known.token_hash)
            )
            if now and not now.disabled and before and known.family not in self._revoked:
                return self._tokens(now, refresh, secret)
        elif shared and (next_one := await self._begun_lately(secret)):
            return self._tokens(user, next_one, secret)
        await self.revoke(known.family)
        raise TokenInvalid("The refresh token was used before, so its session has ended. Log in again.")

    async def end(self, session: Session) -> None:
        """Revoke a session: its tokens, and its refresh tokens where it has any."""
        await self.revoke(session.session_id, session.expires_ns)

    async def revoke(self, session_id: str, until_ns: int = 0) -> None:
        """Revoke the access tokens of a session, others that expire by a time, and its refresh tokens."""
        until_ns = max(until_ns, self._access_end_ns())
        self.note_revoked(session_id, until_ns)
        await asyncio.gather(
            self._accounts.revoke_family(session_id), self._accounts.revoke_token(session_id, until_ns)
        )
        await self._accounts.revoke_family(session_id)  # what another process stored while the first looked
        await self._tidy()

    def note_revoked(self, session_id: str, until_ns: int) -> None:
        """Stop recognising a session that another service has revoked."""
        self._revoked[session_id] = max(until_ns, self._revoked.get(session_id, 0))

    def revoke_before(self, account: int, valid_from_ns: int) -> None:
        """Stop recognising an account's tokens that are older than this time, which is or may be stored."""
        self._valid_from[account] = max(valid_from_ns, self._valid_from.get(account, 0))

    def csrf_token(self, session_id: str) -> str:
        """Return what a page must know to act for a session: its refreshes do not change it."""
        return self._signer.tag(f"csrf {session_id}")

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the public keys of the tokens."""
        return self._signer.jwks()

    def _remember(self, token: str, claims: TokenClaims) -> Session:
        session = Session(
            account=claims.account,
            role=claims.role,
            token_id=claims.token_id,
            expires_ns=claims.expires_ns,
            user_name=claims.user_name,
            issued_ns=claims.issued_ns,
            session_id=claims.session_id,
            kind=claims.kind,
        )
        self._cache[token] = session
        if len(self._cache) > self._cache_limit:
            self._cache.popitem(last=False)
        return session

    def _sign(
        self, user: User, kind: TokenKind, token_id: str, *, session_id: str, issued_ns: int
    ) -> IssuedToken:
        life_s = self._life_s[kind]
        claims = TokenClaims(
            account=user.account,
            token_id=token_id,
            session_id=session_id,
            kind=kind,
            role=user.role,
            user_name=user.user_name,
            issued_ns=issued_ns,
            # Whole seconds, as the token's standard claim has them: what is stored is what the token says.
            expires_ns=(issued_ns // SECOND_NS + life_s) * SECOND_NS,
        )
        token = self._signer.sign(claims)
        self._remember(token, claims)  # it comes back in a moment, and checking a signature takes long
        return IssuedToken(token, life_s)

    async def _store(self, user: User, family: str, secret: str) -> RefreshToken:
        refresh = RefreshToken(
            token_hash=_hash_of(secret),
            family=family,
            account=user.account,
            expires_ns=self.stamp_ns() + self._refresh_life_ns,
        )
        await self._accounts.add_refresh_token(refresh)
        await self._tidy()
        return refresh

    def _tokens(self, user: User, refresh: RefreshToken, secret: str) -> SessionTokens:
        """Return a refresh token with its access token, which is the same each time for the same user."""
        token_id = _hash_of(f"access {secret}").hex()[:32]
        # Another process may just have given them the role that the token says, at a time of its own clock.
        issued_ns = max(self._begin_ns(refresh), user.tokens_valid_from_ns)
        access = self._sign(user, "access", token_id, session_id=refresh.family, issued_ns=issued_ns)
        return SessionTokens(access.token, secret, access.expires_in_s)

    def _begin_ns(self, refresh: RefreshToken) -> int:
        return refresh.expires_ns - self._refresh_life_ns

    def _secret_after(self, known: RefreshToken) -> str:
        return self._signer.tag(f"refresh after {known.token_hash.hex()}")

    async def _begun_lately(self, secret: str) -> RefreshToken | None:
        """Return a refresh token that began within the grace; another process may just be storing it."""
        for _ in range(_LOOKS):
            found = await self._accounts.refresh_token(_hash_of(secret))
            if found is not None:
                return found if self._begin_ns(found) + self._grace_ns > self._now_ns() else None
            await asyncio.sleep(_LOOK_S)
        return None

    def _access_end_ns(self) -> int:
        """Return when the last access token issued so far will have expired."""
        return self._now_ns() + self._life_s["access"] * SECOND_NS

    async def _tidy(self) -> None:
        now_ns = self._now_ns()
        if now_ns < self._next_tidy_ns:
            return
        self._next_tidy_ns = now_ns + TIDY_EVERY_NS
        self._forget_ended(now_ns)
        await self._accounts.forget_expired(now_ns)

    def _forget_ended(self, now_ns: int) -> None:
        """Forget revoked sessions whose tokens have all expired."""
        self._revoked = {id_: until_ns for id_, until_ns in self._revoked.items() if until_ns > now_ns}


def _hash_of(secret: str) -> bytes:
    # The secret is 256 random bits, so one fast hash is all it needs to be useless to a thief of the table.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
