"""Sessions of the page: cookies that its script cannot read, and whether a request is our own page's.

A cookie comes with every request that a browser sends here, whoever made it. ``SameSite=Strict`` keeps it
from other sites, the CSRF token from whoever cannot read our answers, and the check of ``Origin`` from other
ports of this host. Behind trusted proxies the host and the scheme are those that they forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pricetime.api.guards.addresses import Addresses
from pricetime.api.problems import Refused

SESSION_COOKIE: Final = "pricetime_session"
REFRESH_COOKIE: Final = "pricetime_refresh"

_PATHS: Final = {SESSION_COOKIE: "/", REFRESH_COOKIE: "/v1/web"}
_OURS: Final = (b"same-origin", b"none")
_session: Final = SESSION_COOKIE.encode()
_refresh: Final = REFRESH_COOKIE.encode()

Headers = Mapping[bytes, bytes]
Client = tuple[str, int] | None


class Visitor(NamedTuple):
    """What endpoints of the page know of the browser that asks. Tokens are not checked yet."""

    session_token: str | None
    refresh_token: str | None
    csrf_token: bytes
    secure: bool
    """Whether the browser speaks HTTPS, so that its cookies must not travel without."""


class Browsers:
    """Tells what a browser sent for our own page. ``client`` is the peer: a browser or a trusted proxy."""

    def __init__(self, addresses: Addresses) -> None:
        self._trusts = addresses.trusts

    def visitor(self, headers: Headers, client: Client, scheme: str) -> Visitor:
        """Return who asks an endpoint of the page."""
        if self._trusts(client):
            scheme = _nearest(headers, b"x-forwarded-proto", scheme.encode()).decode("latin-1")
        return Visitor(
            session_token=_cookie(headers, _session),
            refresh_token=_cookie(headers, _refresh),
            csrf_token=csrf_token_of(headers),
            secure=scheme.lower() == "https",
        )

    def refuse_foreign(self, headers: Headers, client: Client) -> None:
        """Refuse what the page of another origin sent; what names no origin is no page of another."""
        if not self.is_own(headers, client):
            raise Refused("csrf_failed", "Another site's page sent this. Use the venue's own page.")

    def is_own(self, headers: Headers, client: Client) -> bool:
        """Return whether the origin of a request, where it names one, is the host that it asks."""
        origin = headers.get(b"origin")
        if origin is None:
            return headers.get(b"sec-fetch-site", b"none").lower() in _OURS
        host = headers.get(b"host", b"")
        if self._trusts(client):
            host = _nearest(headers, b"x-forwarded-host", host)
        scheme, _, origin_host = origin.partition(b"://")
        return scheme in (b"http", b"https") and origin_host.lower() == host.lower() != b""


def session_cookie(headers: Headers) -> str | None:
    """Return the access token in the page's cookie."""
    return _cookie(headers, _session)


def csrf_token_of(headers: Headers) -> bytes:
    """Return what a request claims to be its session's CSRF token."""
    return headers.get(b"x-csrf-token", b"")


def cookie(name: str, value: str, max_age_s: int, *, secure: bool) -> tuple[str, str]:
    """Return the header that sets one of the two cookies; an age of 0 removes it."""
    ending = "; Secure" if secure else ""
    return (
        "Set-Cookie",
        f"{name}={value}; Max-Age={max_age_s}; Path={_PATHS[name]}; HttpOnly; SameSite=Strict{ending}",
    )


def _cookie(headers: Headers, name: bytes) -> str | None:
    for pair in headers.get(b"cookie", b"").split(b";"):
        key, _, value = pair.partition(b"=")
        if key.strip() == name and (value := value.strip()) and value.isascii():
            return value.decode("ascii")
    return None


def _nearest(headers: Headers, name: bytes, otherwise: bytes) -> bytes:
    """Return what the trusted peer forwards: the last of a list, as earlier ones may be made up."""
    return headers.get(name, b"").rpartition(b",")[2].strip() or otherwise
