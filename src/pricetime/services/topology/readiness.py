"""Waiting until what was started is ready, or it is plain that it will not be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Final

from pricetime.errors import TopologyFailed
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.probes import PATIENCE_S, Prober
from pricetime.services.topology.record import Part
from pricetime.services.topology.supervision import RUNNING, Supervisor
from pricetime.settings import Settings

_LOOK_S: Final = 0.1
_TAIL_LINES: Final = 8


async def until_ready(
    parts: Sequence[Part], prober: Prober, supervisor: Supervisor, layout: Layout, settings: Settings
) -> None:
    """Wait until each part answers; TopologyFailed when one is given up, or the time is over."""
    deadline = time.monotonic() + settings.start_timeout_s
    waiting = {part.name: "it has not been asked yet" for part in parts}
    by_name = {part.name: part for part in parts}
    while True:
        answers = await asyncio.gather(*(prober.unready(by_name[name], PATIENCE_S) for name in waiting))
        states = supervisor.states()
        waiting = {
            name: said or f"it is {states[name].state.lower()}"
            for name, said in zip(waiting, answers, strict=True)
            if said or states[name].state != RUNNING
        }
        if not waiting:
            return
        given_up = [name for name in waiting if states[name].state == "FATAL"]
        if given_up or time.monotonic() > deadline:
            name = (given_up or list(waiting))[0]
            raise TopologyFailed(
                f"{name} is not ready: {waiting[name]}. Its log, {layout.logs / name}.log, ends with:\n"
                f"{tail(layout, name)}"
            )
        await asyncio.sleep(_LOOK_S)


def tail(layout: Layout, name: str) -> str:
    """Return the end of a log."""
    try:
        lines: Iterable[str] = (layout.logs / f"{name}.log").read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return "nothing"
    return "\n".join(list(lines)[-_TAIL_LINES:])
