"""Processes found by their session, their mark and their time of birth."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pricetime.services.topology.processes import MARK, end, find, group_of, is_running, leftovers, usages

_SAY_AND_WAIT = "print('up', flush=True); import sys; sys.stdin.read()"


@pytest.fixture
def start() -> Iterator[object]:
    running: list[subprocess.Popen[bytes]] = []

    def begin(code: str = "", **how):
        process = subprocess.Popen(
            [sys.executable, "-c", code + _SAY_AND_WAIT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **how
        )
        running.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    yield begin
    for each in running:
        each.kill()
        each.wait()
        each.stdin.close()
        each.stdout.close()


def pids(found) -> set[int]:
    return {each.pid for each in found}


def test_a_process_is_known_by_its_id_and_its_start(start):
    process = start()
    found = find(process.pid)
    assert is_running(process.pid, found.started)
    assert not is_running(process.pid, found.started + 1)
    process.kill()
    assert (process.wait(), is_running(process.pid, found.started)) == (-9, False)


def test_what_was_left_behind_is_of_the_session_or_carries_the_mark(start, tmp_path: Path):
    supervisor = start(start_new_session=True)
    marked = start(env={**os.environ, MARK: str(tmp_path)})
    start(env={**os.environ, MARK: f"{tmp_path}/other"})
    assert pids(leftovers(tmp_path, supervisor.pid)) == {supervisor.pid, marked.pid}
    assert pids(leftovers(tmp_path, None)) == {marked.pid}


def test_what_does_not_stop_is_killed(start, tmp_path: Path):
    stubborn = start("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);", start_new_session=True)
    assert end(lambda: leftovers(tmp_path, stubborn.pid), grace_s=0.1) == 1
    assert stubborn.wait() == -9


def test_a_paused_process_is_ended_too(start, tmp_path: Path):
    paused = start(start_new_session=True)
    os.kill(paused.pid, 19)
    end(lambda: leftovers(tmp_path, paused.pid))
    assert paused.wait() == -15


def test_a_group_is_found_after_its_leader_has_died(start):
    worker_of = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_SAY_AND_WAIT!r}]);"
    script = f"{worker_of} sys.stdin.read()"
    leader = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert leader.stdout.readline() == b"up\n"
    leader.kill()
    leader.wait()
    [worker] = group_of(leader.pid, leader.pid)
    assert end(lambda: group_of(leader.pid, leader.pid)) == 1
    assert find(worker.pid) is None
    leader.stdin.close()
    leader.stdout.close()


def test_what_a_process_uses_is_counted_with_all_that_it_has_started(start):
    large = "x = bytearray(50_000_000); print(0, flush=True); input()"
    pipes = "stdin=subprocess.PIPE, stdout=subprocess.PIPE"
    begun = f"c = subprocess.Popen([sys.executable, '-c', {large!r}], {pipes}); c.stdout.readline();"
    alone, with_child = start(), start(f"import subprocess, sys; {begun}")
    used = usages([alone.pid, with_child.pid, 2**22 + 1])
    assert used.keys() == {alone.pid, with_child.pid}
    assert used[with_child.pid].memory_bytes > used[alone.pid].memory_bytes + 50_000_000


def test_processor_time_grows_with_work(start):
    busy = start("import time\nwhile time.process_time() < 0.2: pass\n")
    assert usages([busy.pid])[busy.pid].cpu_s >= 0.19
