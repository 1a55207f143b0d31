"""The views: batches projected and saved, alone and beside a thread that keeps Python busy.

The second is what serving looks like to the views' thread: every statement may have to wait for its turn.
``python -m bench.views 50000`` takes that many commands instead of the default.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import _table
from bench._flows import MIX, mix
from bench._journals import sealed
from pricetime.adapters.sqlite_view_store import SqliteViewStore
from pricetime.adapters.sqlite_views import SqliteViews
from pricetime.ports import Batch
from pricetime.records import iter_events
from pricetime.views import Projection

COMMANDS = 20_000
ACCOUNTS = 100
BATCH = 50
"""Commands of a batch of the journal: what arrives while the one before is written."""
PAGES = 500


def projected(batches: list[Batch], path: Path, events_a_save: int) -> tuple[float, float]:
    """Return the seconds of the clock and of the processor that projecting and saving took."""
    store = SqliteViewStore(path)
    projection = Projection(store)
    began, began_cpu = time.perf_counter(), time.thread_time()
    for batch in batches:
        projection.project(batch)
        if projection.events >= events_a_save:
            store.save(projection.take())
    store.save(projection.take())
    taken = time.perf_counter() - began, time.thread_time() - began_cpu
    store.close()
    return taken


def decoded_s(batches: list[Batch]) -> float:
    """Return the seconds of reading the events and doing nothing."""
    began = time.perf_counter()
    for batch in batches:
        for _ in iter_events(batch.events):
            pass
    return time.perf_counter() - began


@contextmanager
def busy_python() -> Iterator[None]:
    """Keep another thread busy in Python."""
    ended = threading.Event()

    def spin() -> None:
        while not ended.is_set():
            sum(range(1_000))

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def pages_s(path: Path) -> float:
    """Return the seconds that a page of 100 orders takes to read."""
    views = SqliteViews(path)
    began = time.perf_counter()
    for page in range(PAGES):
        views.orders(1 + page % ACCOUNTS, limit=100)
    taken = (time.perf_counter() - began) / PAGES
    views.close()
    return taken


def main(commands: int = COMMANDS) -> list[_table.Result]:
    batches = [batch for batch, _ in sealed(mix(commands=commands, accounts=ACCOUNTS), BATCH)]
    with tempfile.TemporaryDirectory() as folder:
        alone, small, beside = (Path(folder) / name for name in ("alone.db", "small.db", "beside.db"))
        projected(batches[:20], Path(folder) / "warm.db", 1)
        _, whole_cpu = projected(batches, alone, 20_000)
        _, small_cpu = projected(batches, small, 1)
        page_s = pages_s(alone)
        with busy_python():
            beside_s, _ = projected(batches, beside, 2_000)
            busy_page_s = pages_s(alone)
    what = f"{commands:,} commands, {MIX}, {ACCOUNTS} accounts"
    decoding = decoded_s(batches)
    return [
        _table.Result(
            name="views: commands",
            value=whole_cpu / commands * 1e6,
            unit="µs/command",
            workload=f"{what}, projected and saved 20,000 events at a time; processor time",
            target=60,
            at_most=True,
            baseline=decoding / commands * 1e6,
            baseline_is="reading the same events and doing nothing",
        ),
        _table.Result(
            name="views: commands, each batch saved",
            value=small_cpu / commands * 1e6,
            unit="µs/command",
            workload=f"the same, saved after each batch of {BATCH} commands",
            baseline=whole_cpu / commands * 1e6,
            baseline_is="20,000 events at a time",
        ),
        _table.Result(
            name="views: commands beside a busy thread",
            value=commands / beside_s,
            unit="commands/s",
            workload="the same, saved 2,000 events at a time while another thread never leaves Python",
            baseline=commands / small_cpu,
            baseline_is="alone, each batch saved",
        ),
        _table.Result(
            name="views: page of 100 orders",
            value=page_s * 1e6,
            unit="µs",
            workload="an account's newest 100 orders, read alone",
            baseline=busy_page_s * 1e6,
            baseline_is="beside a busy thread",
        ),
    ]


if __name__ == "__main__":
    _table.show(main(int(sys.argv[1]) if len(sys.argv) > 1 else COMMANDS), "views")
