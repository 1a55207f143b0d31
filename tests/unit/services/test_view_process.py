"""The venue's end of the process that keeps the views: when it is woken, and when not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pricetime.runtime import Progress
from pricetime.services.folder import DataFolder
from pricetime.services.view_process import NUMBER, ViewProcess


@pytest.fixture
async def echo() -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that says what it is told."""
    process = await asyncio.create_subprocess_exec(
        "cat", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    yield process
    process.stdin.close()
    await process.wait()


async def test_who_has_caught_up_before_its_time_is_woken_by_what_comes_next(
    tmp_path: Path, echo: asyncio.subprocess.Process
) -> None:
    progress = Progress()
    views = ViewProcess(DataFolder(tmp_path), batch_limit=1, log_level="info", progress=progress)
    views._process = echo
    views.wake(1)
    progress.advance(1)  # it has read what was there while it started
    async with asyncio.timeout(30):
        while views._timer is not None:
            await asyncio.sleep(0.01)
        views.wake(2)
        assert NUMBER.unpack(await echo.stdout.readexactly(NUMBER.size)) == (2,)
