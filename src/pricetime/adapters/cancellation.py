"""Cancellations that a library loses.

In Python before 3.12 ``asyncio.wait_for``, by which PyMongo and redis-py send, loses one where what it waits
for has just ended. A task that is asked once to end, and goes on, is waited for without end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heeding_cancellation() -> Iterator[None]:
    """Raise a cancellation that comes within, also where it is lost there; it goes before any error."""
    asked_before = _cancellations()
    failure: Exception | None = None
    try:
        yield
    except Exception as error:  # noqa: BLE001 - it is raised again
        failure = error
    if _cancellations() > asked_before:
        raise asyncio.CancelledError from failure
    if failure is not None:
        raise failure


def _cancellations() -> int:
    """Return how often the running task has been asked to end; a thread never is."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return 0
    return task.cancelling() if task else 0
