"""An event loop whose time is simulated: it never waits, and goes round in an order drawn from the seed.

When nothing is ready, time jumps to the next timer. Threads do not exist: what is handed to an executor
runs in a later turn of the same loop.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, Future
from typing import Any

from tests.simulation.steps import Crash, Endless, Steps

EXECUTOR_S = 0.002


class SimulatedLoop(asyncio.AbstractEventLoop):
    """One life of the venue's process. ``shuffles`` lets what is ready run in any order."""

    def __init__(self, steps: Steps, dice: random.Random, *, now_s: float = 0.0, shuffles: bool = False):
        self.now_s = now_s
        self.failures: list[str] = []
        """Exceptions that nobody has taken in."""
        self._steps = steps
        self._dice = dice
        self._shuffles = shuffles
        self._ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._tickets = itertools.count(1)
        self._tasks: list[asyncio.Task[Any]] = []
        self._stopping = False
        self._abandoned = False

    # ------------------------------------------------------------------------------------- running

    def run_until_complete(self, future: Coroutine[Any, Any, Any]) -> Any:
        task = self.create_task(future)
        task.add_done_callback(lambda _: self.stop())
        self.run_forever()
        return task.result()

    def run_forever(self) -> None:
        asyncio._set_running_loop(self)
        try:
            while not self._stopping:
                self._go_round()
        finally:
            asyncio._set_running_loop(None)

    def _go_round(self) -> None:
        if not self._ready:
            if not self._timers:
                raise Endless("everybody waits for something that never happens")
            self.now_s = max(self.now_s, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self.now_s:
            self._ready.append(heapq.heappop(self._timers)[2])
        ready, self._ready = self._ready, []
        if self._shuffles:
            self._dice.shuffle(ready)
        for handle in ready:
            if not handle.cancelled():
                self._steps.take(_name(handle))
                handle._run()

    def stop(self) -> None:
        self._stopping = True

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        return self._abandoned

    def abandon(self) -> None:
        """Drop everything that still runs or waits, as the end of a process does."""
        self._abandoned = True
        for task in self._tasks:
            if task.done():
                continue
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            try:
                task.get_coro().close()  # type: ignore[union-attr]
            except (Crash, RuntimeError):
                continue  # it was waiting in a finally or on a disk that is gone

    # ---------------------------------------------------------------------------------- scheduling

    def time(self) -> float:
        return self.now_s

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Any = None) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now_s + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._tickets), handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Do nothing: a cancelled timer is passed over when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None) -> asyncio.Task[Any]:
        name = f"{name or coro.__qualname__} {next(self._tickets)}"
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        done = self.create_future()

        def run() -> None:
            try:
                outcome = func(*args)
            except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
                done.cancelled() or done.set_exception(error)
            else:
                done.cancelled() or done.set_result(outcome)

        self.call_later(self._dice.expovariate(1 / EXECUTOR_S), run)
        return done

    # -------------------------------------------------------------------------------------- errors

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self._abandoned:
            self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")


class InlineExecutor(Executor):
    """An executor without threads: what is submitted is done at once, and read later."""

    def __init__(self, max_workers: int, thread_name_prefix: str) -> None:
        """Take what a ThreadPoolExecutor takes."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            future.set_exception(error)
        return future


def _name(handle: asyncio.Handle) -> str:
    callback = handle._callback  # type: ignore[attr-defined]
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        return owner.get_name()
    return str(getattr(callback, "__qualname__", type(callback).__name__))
