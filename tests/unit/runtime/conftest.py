"""Fixtures of the runtime's tests: a running sequencer, and journals filled through one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from tests.unit.runtime.programs import opening, packed, trading

from pricetime.adapters.memory import DrivenClock, MemoryJournal
from pricetime.ports import Journal
from pricetime.rules import Venue
from pricetime.runtime import Sequencer
from pricetime.runtime.recovery import recover


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock()


@pytest.fixture
async def start(clock: DrivenClock) -> AsyncIterator[Callable[..., object]]:
    """Start sequencers; they are stopped after the test."""
    started: list[Sequencer] = []

    async def starts(
        journal: Journal, *, venue: object = None, queue_limit: int = 50_000, batch_limit: int = 2_000
    ) -> Sequencer:
        recovered, last = recover(journal, None, Venue)
        sequencer = Sequencer(
            venue or recovered,
            journal,
            clock,
            last=last,
            queue_limit=queue_limit,
            batch_limit=batch_limit,
        )
        await sequencer.start()
        started.append(sequencer)
        return sequencer

    yield starts
    for sequencer in started:
        await sequencer.stop()


@pytest.fixture
def fill(start: Callable[..., object]) -> Callable[..., object]:
    """Run the opening and some trading into a journal, ten commands a batch."""

    async def fills(journal: Journal, batches: int = 10) -> Journal:
        sequencer = await start(journal)
        program = [*opening(), *trading(10 * (batches - 1))]
        for first in range(0, len(program), 10):
            await sequencer.submit(packed(program[first : first + 10]))
        await sequencer.stop()
        return journal

    return fills


@pytest.fixture
async def filled(fill: Callable[..., object]) -> MemoryJournal:
    return await fill(MemoryJournal())
