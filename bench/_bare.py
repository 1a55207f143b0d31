"""One empty POST handler without a venue: what uvicorn and Starlette alone can do here."""

from __future__ import annotations

import asyncio
import gc
import sys

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pricetime.services.http_protocol import GuardedProtocol


async def empty(_: Request) -> Response:
    return Response(b"")


async def ready(_: Request) -> Response:
    return Response(b"ready")


def main(port: int) -> None:
    app = Starlette(routes=[Route("/empty", empty, methods=["POST"]), Route("/readyz", ready)])
    config = uvicorn.Config(
        app=app,
        port=port,
        http=GuardedProtocol,
        loop="uvloop",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
    )
    gc.collect()
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]))
