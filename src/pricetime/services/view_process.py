"""The process that keeps the views: ``python -m pricetime.services.view_process DATA EVENTS LEVEL``.

Projecting events costs more Python than taking orders does, so it has an interpreter of its own and the
other core. The two processes share the data folder and two pipes::

    venue ── number of the newest event, 8 bytes ──> stdin
    venue <── number of the last event in the views, 8 bytes a save ── stdout

The venue says that there is more at once where a reader waits for it, and else some ten times a second:
the more events a save takes in, the less each costs, and waking the process costs more than an order.

When stdin ends, because the venue stops or is gone, the process ends after the save under way. A process
that ends by itself is started again, later each time. A lock lets one process at a time write the views,
so one that outlives its venue for a moment cannot meet the next venue's.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import struct
import sys
import threading
from pathlib import Path
from typing import Final

import structlog

from pricetime.errors import ViewsBehind
from pricetime.runtime import Progress
from pricetime.services.folder import DataFolder
from pricetime.telemetry import configure_logs
from pricetime.views import Follower

NUMBER: Final = struct.Struct("<q")
_READ_BYTES: Final = 64 * 1024
_START_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 60.0
_LONGEST_PAUSE_S: Final = 30.0
_PACE_S: Final = 0.1
_NICENESS: Final = 5
_YOUNG_OBJECTS: Final = 50_000
_log = structlog.get_logger("pricetime.views")


class ViewProcess:
    """The venue's end: starts the process, wakes it, and tells ``progress`` how far the views are."""

    def __init__(self, folder: DataFolder, *, batch_limit: int, log_level: str, progress: Progress) -> None:
        self._command = [
            *(sys.executable, "-m", "pricetime.services.view_process"),
            *(str(folder.path), str(batch_limit), log_level),
        ]
        self._progress = progress
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()
        self._newest = 0
        self._is_woken = False
        self._timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Start the process and return when the views can be read; ViewsBehind where they cannot."""
        self._keeper = asyncio.get_running_loop().create_task(self._keep())
        self._progress.on_wait = self._wake_in_time
        try:
            async with asyncio.timeout(_START_TIMEOUT_S):
                await self._opened.wait()
        except TimeoutError:
            await self.stop()
            raise ViewsBehind("The views cannot be opened; the log above says why.") from None

    def wake(self, newest_event: int) -> None:
        """Say that the journal has grown up to ``newest_event``."""
        self._newest = newest_event
        self._wake_in_time()

    def _wake_in_time(self) -> None:
        """Wake the process for what it does not have yet: now where somebody waits, else soon."""
        if self._is_woken or self._newest <= self._progress.position:
            return
        if self._progress.awaited:
            self._wake_now()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PACE_S, self._wake_now)

    def _wake_now(self) -> None:
        """Wake the process, unless it has everything: it would have nothing to tell, and count as awake."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._newest <= self._progress.position:
            return
        process = self._process
        if self._is_woken or process is None or process.stdin is None or process.stdin.is_closing():
            return
        self._is_woken = True
        process.stdin.write(NUMBER.pack(self._newest))

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process is not None and self._process.returncode is None

    async def stop(self) -> None:
        """End the process after the save under way. What the views lack waits for the next start."""
        self._progress.on_wait = None
        if self._timer is not None:
            self._timer.cancel()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None, "stdin is a pipe"
        process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        """Run the process, and again, with a growing pause, whenever it ends."""
        pause_s = 1.0
        while True:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
            self._is_woken = False
            await self._listen(self._process)
            status = await self._process.wait()
            _log.error("the process of the views has ended; it is started again", status=status, in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None, "stdout is a pipe"
        unread = b""
        while received := await process.stdout.read(_READ_BYTES):
            unread += received
            whole = len(unread) - len(unread) % NUMBER.size
            if whole:
                (position,) = NUMBER.unpack_from(unread, whole - NUMBER.size)
                unread = unread[whole:]
                self._progress.advance(position)
                self._opened.set()
                self._is_woken = False
                self._wake_in_time()


def main(arguments: list[str] | None = None) -> int:
    """Follow the journal of a data folder until stdin ends; return 1 where the views have failed."""
    path, batch_limit, log_level = sys.argv[1:] if arguments is None else arguments
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the venue, which then closes stdin
        signal.signal(number, signal.SIG_IGN)
    configure_logs(log_level)
    _give_way()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)  # rows by the thousand, and no cycles among them
    folder = DataFolder(Path(path))
    with (
        folder.views_for_writing() as store,
        contextlib.closing(folder.journal()) as journal,
    ):
        follower = Follower(journal, store, _tell, batch_limit=int(batch_limit))
        follower.start()
        threading.Thread(target=_pass_on, args=[follower], name="wakes", daemon=True).start()
        follower.join()
    return 0 if follower.failure is None else 1


def _give_way() -> None:
    """Let orders go first where cores are few: they are worth more than the lists that show them.

    And do not push the venue off its core at every wake-up, as the system otherwise lets the woken do.
    """
    os.nice(_NICENESS)
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _tell(position: int) -> None:
    with contextlib.suppress(ConnectionError):  # the venue is gone; the end of stdin is about to say so
        os.write(sys.stdout.fileno(), NUMBER.pack(position))


def _pass_on(follower: Follower) -> None:
    """Wake the follower for the numbers that arrive, and stop it when stdin ends, however it does."""
    try:
        while received := os.read(sys.stdin.fileno(), _READ_BYTES):
            whole = len(received) - len(received) % NUMBER.size
            newest = NUMBER.unpack_from(received, whole - NUMBER.size)[0] if whole else 0
            follower.wake(newest)
    finally:
        follower.stop()


if __name__ == "__main__":
    sys.exit(main())
