"""Who may call: the token of a request, and what a role may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pricetime.api.endpoints import Scope
from pricetime.errors import NotAllowed, TokenInvalid
from pricetime.settings import Settings

if TYPE_CHECKING:
    from pricetime.identity import Identity, Session


class Access:
    """Turns headers into a session that may do what an endpoint's scope asks."""

    def __init__(self, identity: Identity, settings: Settings) -> None:
        self._authenticate = identity.authenticate
        self._roles: dict[Scope, frozenset[str] | None] = {
            Scope.TRADER: None,
            Scope.SETUP: None if settings.open_setup else frozenset({"lister", "admin"}),
            Scope.FUNDING: None if settings.open_funding else frozenset({"admin"}),
            Scope.ADMIN: frozenset({"admin"}),
        }

    def session(self, headers: Mapping[bytes, bytes], scope: Scope) -> Session:
        """Return the session; TokenInvalid without one, NotAllowed where its role is not enough."""
        session = self._authenticate(token_of(headers))
        roles = self._roles[scope]
        if roles is not None and session.role not in roles:
            raise NotAllowed
        return session


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
