"""Processes of this machine, as ``/proc`` tells: whether one still runs, and what a topology has left behind.

A process is known by its id and the time it started, for ids come again, and so do those of sessions and
groups. Everything that a supervisor starts stays in its session; what leaves it still carries the mark of the
topology in its environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

MARK: Final = "PRICETIME_TOPOLOGY"
"""The variable that names the folder of the topology that a process belongs to."""

_PROC: Final = Path("/proc")
_BOOT: Final = _PROC / "sys/kernel/random/boot_id"
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_LOOK_S: Final = 0.05
_GRACE_S: Final = 10.0


class Process(NamedTuple):
    """One process. ``started``: in ticks since the machine did. ``cpu_s``: processor time since then."""

    pid: int
    started: int
    parent: int
    session: int
    group: int
    cpu_s: float
    memory_bytes: int


def find(pid: int) -> Process | None:
    """Return a process that runs; None where there is none, or it has ended and waits to be noticed."""
    try:
        status = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = status.rpartition(")")[2].split()
    if state in "ZX":
        return None
    numbers = list(map(int, rest))  # of proc(5), from the fourth on
    parent, group, session = numbers[:3]
    cpu_s = (numbers[10] + numbers[11]) / _TICKS_PER_S
    return Process(pid, numbers[18], parent, session, group, cpu_s, numbers[20] * _PAGE_BYTES)


def is_running(pid: int, started: int) -> bool:
    """Return whether that very process runs."""
    found = find(pid)
    return found is not None and found.started == started


def boot_id() -> str:
    """Return what tells this start of the machine from any other: times of processes count from it."""
    return _BOOT.read_text().strip()


def leftovers(folder: Path, supervisor: int | None = None, started: int = 0) -> list[Process]:
    """Return what runs of the topology in a folder; this process is not it.

    Where its ``supervisor`` is known, and when that ``started``, what is in its session belongs to it, too.
    """
    mark = f"{MARK}={folder}".encode()
    session = _members(lambda each: each.session, supervisor, started) if supervisor is not None else []
    known = {each.pid for each in session if _may_be_ended(each.pid)}
    return [
        each
        for each in _all()
        if each.pid != os.getpid() and (each.pid in known or mark in _environment(each.pid))
    ]


def group_of(leader: int, started: int, session: int) -> list[Process]:
    """Return what runs of a group of processes in a session, whose leader ``started`` then."""
    return [each for each in _members(lambda each: each.group, leader, started) if each.session == session]


def _members(number_of: Callable[[Process], int], leader: int, started: int) -> list[Process]:
    """Return what runs of a leader's session or group; nothing where another has got its number since."""
    if (found := find(leader)) is not None and found.started != started:
        return []
    return [each for each in _all() if number_of(each) == leader and each.started >= started]


class Usage(NamedTuple):
    """What a process uses, with all that it has started: processor time until now, and memory."""

    cpu_s: float
    memory_bytes: int


def usages(pids: Iterable[int]) -> dict[int, Usage]:
    """Return what each of these processes uses; those that have ended are left out."""
    running = {each.pid: each for each in _all()}
    children: dict[int, list[Process]] = defaultdict(list)
    for each in running.values():
        children[each.parent].append(each)

    def family(process: Process) -> Iterator[Process]:
        yield process
        for child in children[process.pid]:
            yield from family(child)

    members = {pid: list(family(running[pid])) for pid in pids if pid in running}
    return {
        pid: Usage(sum(each.cpu_s for each in found), sum(each.memory_bytes for each in found))
        for pid, found in members.items()
    }


def end(found: Callable[[], Iterable[Process]], grace_s: float = _GRACE_S) -> int:
    """End whatever ``found`` finds, until it finds nothing; return how many were asked to stop.

    SIGTERM first; who does not stop within ``grace_s``, or began since, is killed.
    """
    asked = [each.pid for each in found()]
    for pid in asked:
        _send(pid, signal.SIGCONT)  # one that is paused would not hear the other
        _send(pid, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while remaining := list(found()):
        if time.monotonic() > deadline:
            for each in remaining:
                _send(each.pid, signal.SIGKILL)
        time.sleep(_LOOK_S)
    return len(asked)


def _all() -> Iterator[Process]:
    for path in _PROC.iterdir():
        if path.name.isdigit() and (process := find(int(path.name))) is not None:
            yield process


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is somebody else's
        return []


def _may_be_ended(pid: int) -> bool:
    """Return whether a process is of this user, or this user is root."""
    try:
        return os.geteuid() in (0, (_PROC / str(pid)).stat().st_uid)
    except OSError:  # it has ended
        return False


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the id may be another's by now
        os.kill(pid, number)
