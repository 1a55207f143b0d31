"""One empty POST handler without a venue, on uvicorn and Starlette as they come: a yardstick that stays."""

from __future__ import annotations

import gc
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


async def empty(_: Request) -> Response:
    return Response(b"")


async def ready(_: Request) -> Response:
    return Response(b"ready")


def main(port: int) -> None:
    app = Starlette(routes=[Route("/empty", empty, methods=["POST"]), Route("/readyz", ready)])
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app, port=port, http="httptools", loop="uvloop", ws="none", access_log=False, log_level="warning"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
