"""Who may call: the token of a request, and what a role may do."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pricetime.api.endpoints import Scope
from pricetime.api.problems import Refused
from pricetime.errors import NotAllowed, TokenInvalid
from pricetime.settings import Settings

if TYPE_CHECKING:
    from pricetime.identity import Identity, Session


class Access:
    """Turns tokens into sessions that may do what an endpoint's scope asks."""

    def __init__(self, identity: Identity, settings: Settings) -> None:
        self._authenticate = identity.authenticate
        self._roles: dict[Scope, frozenset[str] | None] = {
            Scope.TRADER: None,
            Scope.SETUP: None if settings.open_setup else frozenset({"lister", "admin"}),
            Scope.FUNDING: None if settings.open_funding else frozenset({"admin"}),
            Scope.ADMIN: frozenset({"admin"}),
        }

    def session(self, token: str, scope: Scope) -> Session:
        """Return a token's session; TokenInvalid without one, NotAllowed where its role is not enough."""
        session = self._authenticate(token)
        roles = self._roles[scope]
        if roles is not None and session.role not in roles:
            raise NotAllowed
        return session


def refuse_forged(identity: Identity, session_id: str, csrf_token: bytes) -> None:
    """Refuse what comes with the cookie of a session from who does not know its CSRF token."""
    if not hmac.compare_digest(csrf_token, identity.csrf_token(session_id).encode()):
        detail = "X-CSRF-Token is missing or of another session. Get it anew at /v1/web/session."
        raise Refused("csrf_failed", detail)


def has_token(headers: Mapping[bytes, bytes]) -> bool:
    """Return whether a header names a session, good or not; the page's cookie is then left aside."""
    return b"token" in headers or b"authorization" in headers


def token_of(headers: Mapping[bytes, bytes]) -> str:
    """Return the token in ``token: …`` or ``Authorization: Bearer …``; TokenInvalid without one."""
    token = headers.get(b"token")
    if token is None:
        scheme, _, token = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() != b"bearer":
            raise TokenInvalid
    token = token.strip()
    if not token or not token.isascii():
        raise TokenInvalid
    return token.decode("ascii")
