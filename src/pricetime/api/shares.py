"""Which service answers which path, where the venue runs as many.

A path belongs to the service of its longest prefix here, as nginx picks a location; each lies where its
data is. The table of all endpoints stays one: a service serves its share of it.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

Share = Literal["auth", "orders", "portfolio", "market", "stream"]
"""A service of the API."""

SHARES: Final[tuple[Share, ...]] = get_args(Share)

OWN: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What every service answers about itself."""

PREFIXES: Final[dict[str, Share]] = {
    "/": "market",
    "/readyz": "orders",  # through the door it means: are orders taken?
    "/.well-known/jwks.json": "auth",
    "/authentication/": "auth",
    "/v1/users": "auth",
    "/v1/me": "auth",
    "/v1/sessions": "auth",
    "/v1/web/": "auth",
    "/v1/admin/users": "auth",
    "/v1/admin/audit/users": "auth",
    "/engine/": "orders",
    "/v1/orders": "orders",
    "/transaction/": "portfolio",
    "/transaction/getStockPrices": "market",
    "/v1/executions": "portfolio",
    "/v1/portfolio": "portfolio",
    "/v1/statements": "portfolio",
    "/v1/wallet": "portfolio",
    "/v1/stream": "stream",
}


def service_of(path: str) -> Share:
    """Return the service that answers a path, or an endpoint's path with its parameters in braces."""
    return PREFIXES[max(filter(path.startswith, PREFIXES), key=len)]
