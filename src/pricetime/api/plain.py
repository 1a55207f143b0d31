"""What operators and browsers ask for: health, readiness, metrics, keys, the API's description, pages.

``/healthz`` says that the process answers; ``/readyz`` that an order would be taken and its effects
shown soon. Pages are self-contained: their policy lets them load nothing from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final, Literal

import msgspec
from starlette.responses import Response

from pricetime.api.docs_page import docs_page, landing_page, page_headers
from pricetime.api.endpoints import Call, Endpoint, Scope
from pricetime.api.openapi import document
from pricetime.api.problems import Refused, retry_after
from pricetime.schema import Body

LAG_LIMIT: Final = 200_000
"""Events that the views may be behind while the venue still calls itself ready."""


class Health(Body, frozen=True):
    """The process answers."""

    status: Literal["up"] = "up"


class Readiness(Body, frozen=True):
    """The venue takes orders. ``views_lag``: events that the lists are behind."""

    views_lag: int
    status: Literal["ready"] = "ready"


class PublicKey(Body, frozen=True):
    """A key that verifies session tokens (RFC 8037)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str = "sig"
    alg: str = "EdDSA"


class PublicKeys(Body, frozen=True):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[PublicKey]


async def health(call: Call) -> Health:  # noqa: ARG001 - every handler takes its call
    """Answer while the process lives."""
    return Health()


async def readiness(call: Call) -> Readiness:
    """Answer 200 while orders are taken and shown, else 503 with the cause."""
    venue = call.venue
    lag = max(0, venue.sequencer.published - venue.progress.position)
    if venue.sequencer.state != "running":
        raise _not_ready(f"The sequencer is {venue.sequencer.state}.")
    if not venue.views_alive():
        raise _not_ready("The views have stopped; restart the venue.")
    if lag > LAG_LIMIT:
        raise _not_ready(f"The views are {lag:,} events behind.")
    return Readiness(views_lag=lag)


def _not_ready(detail: str) -> Refused:
    return Refused("not_ready", detail, (retry_after(1),))


_METRICS_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"


async def metrics(call: Call) -> Response:
    """Return counters, gauges and histograms in Prometheus' text format."""
    return Response(call.venue.metrics.page(), headers={"content-type": _METRICS_TYPE})


async def keys(call: Call) -> object:
    """Return the public keys of session tokens."""
    return call.venue.identity.jwks()


async def landing(call: Call) -> Response:  # noqa: ARG001 - every handler takes its call
    """Return the front page."""
    return Response(landing_page(), media_type="text/html", headers=page_headers())


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/healthz",
        handler=health,
        summary="Is the process up?",
        family="plain",
        scope=Scope.PUBLIC,
        response=Health,
    ),
    Endpoint(
        method="GET",
        path="/readyz",
        handler=readiness,
        summary="Does the venue take orders?",
        family="plain",
        scope=Scope.PUBLIC,
        response=Readiness,
        errors=("not_ready",),
    ),
    Endpoint(
        method="GET",
        path="/metrics",
        handler=metrics,
        summary="Metrics for Prometheus",
        family="plain",
        scope=Scope.PUBLIC,
        response=str,
        media=_METRICS_TYPE,
    ),
    Endpoint(
        method="GET",
        path="/.well-known/jwks.json",
        handler=keys,
        summary="Keys that verify session tokens",
        family="plain",
        scope=Scope.PUBLIC,
        response=PublicKeys,
        private=False,
    ),
    Endpoint(
        method="GET",
        path="/",
        handler=landing,
        summary="The front page",
        family="plain",
        scope=Scope.PUBLIC,
        response=str,
        media="text/html; charset=utf-8",
    ),
)


def description_of(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Return the endpoints that describe all endpoints, themselves included."""
    listed = tuple(endpoints)

    @cache
    def described() -> dict[str, object]:
        return document((*listed, *own))

    @cache
    def encoded() -> bytes:
        return msgspec.json.encode(described())

    @cache
    def shown() -> bytes:
        return docs_page(described())

    async def openapi(call: Call) -> Response:  # noqa: ARG001 - every handler takes its call
        """Return this API as an OpenAPI 3.1 document."""
        return Response(encoded(), media_type="application/json")

    async def docs(call: Call) -> Response:  # noqa: ARG001 - every handler takes its call
        """Return the API's reference as a page."""
        return Response(shown(), media_type="text/html", headers=page_headers())

    own = (
        Endpoint(
            method="GET",
            path="/openapi.json",
            handler=openapi,
            summary="The API as OpenAPI 3.1",
            family="plain",
            scope=Scope.PUBLIC,
            response=dict[str, Any],
            private=False,
        ),
        Endpoint(
            method="GET",
            path="/docs",
            handler=docs,
            summary="The API's reference",
            family="plain",
            scope=Scope.PUBLIC,
            response=str,
            media="text/html; charset=utf-8",
        ),
    )
    return own
