"""What one endpoint is, and what a handler gets.

The endpoint table (``api/table.py``) is the only list of endpoints: routing, validation, rate weights,
OpenAPI and the docs page are made from its rows. A handler sees no HTTP: it gets a ``Call`` whose body,
query and session have been checked, and returns the answer's struct. Errors are raised, typed, and
become HTTP in ``api/problems.py`` alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

from msgspec import Struct

from pricetime.errors import NotFound

if TYPE_CHECKING:
    from pricetime.api.guards.browsers import Visitor
    from pricetime.api.services import Services
    from pricetime.identity import Session

Family = Literal["v1", "daytrade", "plain"]
"""Whose error format and manners an endpoint has."""

MAX_ID: Final = 2**63 - 1


class Scope(Enum):
    """Who may call an endpoint. All but PUBLIC need a session."""

    PUBLIC = "public"
    TRADER = "trader"
    """Any session."""
    SETUP = "setup"
    """Any session while ``open_setup`` is on, else listers and administrators."""
    FUNDING = "funding"
    """Any session while ``open_funding`` is on, else administrators."""
    ADMIN = "admin"


class Query(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of query structs; texts are converted to the fields' types."""


class Reply(Struct, frozen=True, kw_only=True):
    """An answer that differs from the endpoint's status or adds headers. ``body`` None: no body at all."""

    body: object = None
    status: int = 0
    """0: the endpoint's own."""
    headers: tuple[tuple[str, str], ...] = ()


class Call:
    """One request as its handler sees it. ``body`` and ``query`` have the types that the endpoint names."""

    __slots__ = (
        "_visitor",
        "address",
        "body",
        "idempotency_key",
        "path",
        "query",
        "request_id",
        "session",
        "venue",
    )

    def __init__(
        self,
        venue: Services,
        session: Session | None,
        *,
        body: Any = None,
        query: Any = None,
        path: Mapping[str, str] | None = None,
        request_id: str = "",
        address: str = "",
        idempotency_key: bytes | None = None,
        visitor: Visitor | None = None,
    ) -> None:
        self.venue = venue
        self.session = session
        self.body = body
        self.query = query
        self.path = path or {}
        self.request_id = request_id
        self.address = address
        """The client's address, looked up behind trusted proxies."""
        self.idempotency_key = idempotency_key
        """The 16 bytes that an ``Idempotency-Key`` header hashes to."""
        self._visitor = visitor

    @property
    def user(self) -> Session:
        """Return the session of an endpoint that needs one."""
        assert self.session is not None
        return self.session

    @property
    def account(self) -> int:
        """Return the account of the session of an endpoint that needs one."""
        return self.user.account

    @property
    def visitor(self) -> Visitor:
        """Return the browser that asks an endpoint of the page."""
        assert self._visitor is not None
        return self._visitor

    def id(self, name: str) -> int:
        """Return a path parameter as an id; NotFound (``unknown_<name>``) where it cannot be one."""
        return parse_id(self.path[name], name)


def parse_id(text: str, name: str) -> int:
    """Return the number behind an id; NotFound (``unknown_<name>``) where it cannot be one."""
    if 0 < len(text) <= 19 and text.isascii() and text.isdigit() and 0 < (number := int(text)) <= MAX_ID:
        return number
    raise NotFound(
        f"There is no {name} {text[:40]!r}. Ids are what earlier answers called them.", code=f"unknown_{name}"
    )


def key_of(idempotency_key: bytes) -> bytes:
    """Return the client id of the command that an ``Idempotency-Key`` names."""
    return hashlib.blake2b(idempotency_key, digest_size=16).digest()


Handler = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One row of the table.

    ``path`` holds parameters as ``{name}``. ``response`` is the type of the answer's body (None: no
    body). ``also`` documents further (status, type) answers, returned as ``Reply``. ``errors`` are the
    codes (``problems.CODES``) that the handler itself may raise; the frame's own (tokens, limits,
    validation, availability) need no mention. ``weight`` is what a call takes from the rate limits.
    """

    method: Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
    path: str
    handler: Handler
    summary: str
    family: Family
    scope: Scope = Scope.TRADER
    request: type[Struct] | None = None
    query: type[Struct] | None = None
    response: Any = None
    status: int = 200
    also: tuple[tuple[int, Any], ...] = ()
    errors: tuple[str, ...] = ()
    weight: int = 1
    media: str = "application/json"
    """Type of a successful body; other than JSON, the handler returns a Response."""
    idempotent: bool = False
    """Whether ``Idempotency-Key`` is understood."""
    page: bool = False
    """Whether it serves the sessions of the venue's own page: it is refused to pages of other origins."""
    private: bool = True
    """Whether answers must not be stored by caches."""
