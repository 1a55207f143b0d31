"""Run benchmarks: ``python -m bench [NAME …]``."""

from __future__ import annotations

import argparse
import importlib
import time

from bench import _capacity, _plot, _table

NAMES = (
    "core",
    "rules",
    "partitions",
    "memory",
    "replay",
    "restart",
    "http",
    "bulk",
    "latency",
    "course",
    "auth",
    "views",
    "streams",
    "page",
    "services",
    "engines",
)


def main() -> int:
    """Run the named benchmarks, or all. A missed target is for the reader to judge, so it is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(NAMES)}; default all")
    names = parser.parse_args().names or list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(NAMES)}")
    results: list[_table.Result] = []
    for name in names:
        started = time.monotonic()
        found = importlib.import_module(f"bench.{name}").main()
        _table.show(found, f"{name} ({time.monotonic() - started:.0f} s)")
        results += found
    kept = _table.keep(results, NAMES)
    _plot.draw(kept, _table.PAGE.parent)
    _capacity.write(kept)
    return 0


raise SystemExit(main())
