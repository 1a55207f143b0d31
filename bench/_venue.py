"""The venue that benchmarks load: ``pricetime serve`` with three more endpoints, empty POST handlers.

``/empty`` is open to all and takes no body. ``/empty/daytrade`` and ``/empty/v1`` ask for a session and an
order's JSON body, as the endpoints that place orders do, and then do nothing.
"""

from __future__ import annotations

from typing import Final

from pricetime.api.daytrade.bodies import StockOrder
from pricetime.api.endpoints import Call, Endpoint, Scope
from pricetime.api.table import ENDPOINTS
from pricetime.schema import PlaceOrder
from pricetime.services.run import serve
from pricetime.settings import load
from pricetime.telemetry import configure_logs


async def empty(_: Call) -> None:
    return None


EMPTY: Final = (
    Endpoint(
        method="POST", path="/empty", handler=empty, summary="Nothing", family="plain", scope=Scope.PUBLIC
    ),
    Endpoint(
        method="POST",
        path="/empty/daytrade",
        handler=empty,
        summary="Nothing, with a session and a body",
        family="daytrade",
        request=StockOrder,
    ),
    Endpoint(
        method="POST",
        path="/empty/v1",
        handler=empty,
        summary="Nothing, with a session and a body",
        family="v1",
        request=PlaceOrder,
    ),
)

if __name__ == "__main__":
    settings = load()
    configure_logs(settings.log_level)
    serve(settings, endpoints=(*ENDPOINTS, *EMPTY))
