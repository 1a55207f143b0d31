"""Acts: what is begun is done to its end, though whoever asked for it may stop waiting.

A write to the storage may outlast the request that asked for it. What belongs to the write (that sessions
end, that it is in the audit) must then happen all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class Acts:
    """Acts under way. Each is held here until it is done."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()

    async def whole(self, act: Coroutine[Any, Any, T]) -> T:
        """Return or raise what an act does; it goes on if the caller is cancelled, and errors are logged."""
        task = asyncio.create_task(act)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_tell_error)
            raise


def _tell_error(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("a change of a user failed after its request had ended", error=str(error))
