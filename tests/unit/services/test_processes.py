"""Processes found by their session, their mark and their time of birth."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from pricetime import cli
from pricetime.services.topology.plan import Layout
from pricetime.services.topology.processes import MARK, end, find, group_of, is_running, leftovers, usages
from pricetime.services.topology.record import Record, what_runs, write_record

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


def record_of(supervisor) -> Record:
    return Record(
        supervisor=supervisor.pid,
        started=find(supervisor.pid).started,
        url="https://127.0.0.1:1",
        mongo_url="",
        chosen={},
        parts=(),
    )


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
    started = find(supervisor.pid).started
    assert pids(leftovers(tmp_path, supervisor.pid, started)) == {supervisor.pid, marked.pid}
    assert pids(leftovers(tmp_path)) == {marked.pid}


def test_who_has_got_the_id_of_a_supervisor_since_is_not_of_its_session(start, tmp_path: Path):
    daemon = start(start_new_session=True)
    started = find(daemon.pid).started
    assert leftovers(tmp_path, daemon.pid, started - 1) == []
    assert leftovers(tmp_path, daemon.pid, started + 1) == []


def test_down_ends_nobody_who_has_got_the_id_of_a_supervisor_since(start, tmp_path: Path):
    daemon = start(start_new_session=True)
    record = record_of(daemon)
    write_record(Layout(tmp_path), replace(record, started=record.started - 1))
    assert cli.execute(["down", "--data", str(tmp_path)]) == 0
    assert daemon.poll() is None


def test_nothing_is_left_of_a_record_from_before_the_machine_was_started_anew(start, tmp_path: Path):
    daemon = start(start_new_session=True)
    record = record_of(daemon)
    assert (record.runs, pids(what_runs(Layout(tmp_path), record))) == (True, {daemon.pid})
    earlier = replace(record, boot="another")
    assert (earlier.runs, what_runs(Layout(tmp_path), earlier)) == (False, [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts processes of others")
def test_what_is_somebody_elses_is_left_alone(tmp_path: Path):
    daemon = subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
    try:
        found = find(daemon.pid)
        script = (
            "import os; from pathlib import Path;"
            "from pricetime.services.topology.processes import end, find, leftovers;"
            f"os.setuid(65534); found = find({found.pid});"
            f"assert leftovers(Path({str(tmp_path)!r}), {found.pid}, {found.started}) == [];"
            "end(iter([[found], []]).__next__)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert daemon.poll() is None
    finally:
        daemon.kill()
        daemon.wait()


def test_what_does_not_stop_is_killed(start, tmp_path: Path):
    stubborn = start("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);", start_new_session=True)
    started = find(stubborn.pid).started
    assert end(lambda: leftovers(tmp_path, stubborn.pid, started), grace_s=0.1) == 1
    assert stubborn.wait() == -9


def test_a_paused_process_is_ended_too(start, tmp_path: Path):
    paused = start(start_new_session=True)
    started = find(paused.pid).started
    os.kill(paused.pid, 19)
    end(lambda: leftovers(tmp_path, paused.pid, started))
    assert paused.wait() == -15


def test_a_group_is_found_after_its_leader_has_died(start):
    worker_of = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {_SAY_AND_WAIT!r}]);"
    script = f"{worker_of} sys.stdin.read()"
    leader = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert leader.stdout.readline() == b"up\n"
    started = find(leader.pid).started
    assert group_of(leader.pid, started + 1, leader.pid) == []  # of another, whose id came again
    leader.kill()
    leader.wait()
    [worker] = group_of(leader.pid, started, leader.pid)
    assert end(lambda: group_of(leader.pid, started, leader.pid)) == 1
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
