"""The hosts of ledgers, books and views at ``/v1``, for administrators: who owns what, and draining one.

Where the venue is one process there are none: it owns everything, and there is nowhere to move it.
"""

from __future__ import annotations

from typing import Final

from pricetime import schema
from pricetime.api.endpoints import Call, Endpoint, Scope
from pricetime.api.v1 import _show
from pricetime.errors import NotFound


async def list_engines(call: Call) -> schema.Engines:
    """Return who hosts which partitions, and what each has done since it began."""
    hosts = call.venue.hosts
    if hosts is None:
        return schema.Engines(ledgers=None, books=None, hosts=[])
    return schema.Engines(
        ledgers=hosts.topology.ledgers,
        books=hosts.topology.books,
        hosts=[_show.engine(sign) for sign in await hosts.living()],
    )


async def drain(call: Call) -> schema.Engine:
    """Give a host no partitions any more: what it has moves to others, and it runs on."""
    return await _ask(call, is_drained=True)


async def undrain(call: Call) -> schema.Engine:
    """Give a host partitions again."""
    return await _ask(call, is_drained=False)


async def _ask(call: Call, *, is_drained: bool) -> schema.Engine:
    hosts, host, clock = call.venue.hosts, call.path["host"], call.venue.clock
    if hosts is None:
        raise NotFound("The venue is one process; there is no host to drain.", code="unknown_host")
    sign = await hosts.drain(host, is_drained=is_drained)
    action = "host_drained" if is_drained else "host_undrained"
    await call.venue.accounts.add_audit(clock.now_ns(), call.account, action, host, sign.kind)
    return _show.engine(sign)


_ERRORS: Final = ("presence_failed", "queue_full", "accounts_failed")

ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/admin/engines",
        handler=list_engines,
        summary="Who hosts which partitions",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.Engines,
        errors=("presence_failed",),
    ),
    Endpoint(
        method="POST",
        path="/v1/admin/engines/{host}/drain",
        handler=drain,
        summary="Drain a host",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.Engine,
        status=202,
        errors=_ERRORS,
    ),
    Endpoint(
        method="POST",
        path="/v1/admin/engines/{host}/undrain",
        handler=undrain,
        summary="Give a drained host partitions again",
        family="v1",
        scope=Scope.ADMIN,
        response=schema.Engine,
        status=202,
        errors=_ERRORS,
    ),
)
