"""When snapshots are taken, and what happens to the program that takes them."""

from __future__ import annotations

import asyncio
import sys

import pytest

from pricetime.runtime.snapshotting import Snapshotting


def program(code: str) -> list[str]:
    return [sys.executable, "-c", code]


async def finished(snapshotting: Snapshotting) -> None:
    async with asyncio.timeout(30):
        while not snapshotting.taken + snapshotting.failed:
            await asyncio.sleep(0.01)


@pytest.fixture
async def batches(filled):
    return filled.batches


async def test_a_snapshot_is_taken_when_so_many_commands_came(batches):
    snapshotting = Snapshotting(program("pass"), every=30, after=20)
    for batch in batches[:4]:
        snapshotting.count(batch)
    await asyncio.sleep(0)
    assert snapshotting._run is None, "40 commands, 20 of them after the last snapshot"
    snapshotting.count(batches[4])
    await finished(snapshotting)
    assert (snapshotting.taken, snapshotting.failed) == (1, 0)


async def test_one_program_runs_at_a_time_and_is_ended_with_the_venue(batches, tmp_path):
    mark = tmp_path / "started"
    waits = f"import time, pathlib; pathlib.Path({str(mark)!r}).touch(); time.sleep(60)"
    snapshotting = Snapshotting(program(waits), every=10, after=0)
    snapshotting.count(batches[0])
    first = snapshotting._run
    async with asyncio.timeout(30):
        while not mark.exists():
            await asyncio.sleep(0.01)
    for batch in batches[1:]:
        snapshotting.count(batch)
    assert snapshotting._run is first
    await snapshotting.stop()
    assert first.cancelled()


@pytest.mark.parametrize(
    ("command", "timeout_s"),
    [
        (program("import sys; sys.exit('the disk is full')"), 30),
        (["/nowhere/python"], 30),
        (program("import time; time.sleep(60)"), 0.05),
    ],
)
async def test_a_program_that_fails_is_counted_and_the_next_is_tried(batches, command, timeout_s):
    snapshotting = Snapshotting(command, every=10, after=0, timeout_s=timeout_s)
    snapshotting.count(batches[0])
    await finished(snapshotting)
    assert (snapshotting.taken, snapshotting.failed) == (0, 1)
    first = snapshotting._run
    await asyncio.wait([first])
    snapshotting.count(batches[1])
    assert snapshotting._run is not first
    await snapshotting.stop()


async def test_stopping_what_never_ran_is_nothing():
    snapshotting = Snapshotting(program("pass"), every=10, after=0)
    await snapshotting.stop()
    assert snapshotting.taken == 0
