"""The venue that benchmarks load: ``pricetime serve`` with one more endpoint, an empty POST handler."""

from __future__ import annotations

from pricetime.api.endpoints import Call, Endpoint, Scope
from pricetime.api.table import ENDPOINTS
from pricetime.services.run import serve
from pricetime.settings import load
from pricetime.telemetry import configure_logs


async def empty(_: Call) -> None:
    return None


EMPTY = Endpoint(
    method="POST", path="/empty", handler=empty, summary="Do nothing", family="plain", scope=Scope.PUBLIC
)

if __name__ == "__main__":
    settings = load()
    configure_logs(settings.log_level)
    serve(settings, endpoints=(*ENDPOINTS, EMPTY))
