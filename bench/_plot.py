"""The pictures of the benchmarks: targets surpassed or missed, cost against size, waits against load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes

from bench._table import Result

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "pricetime"  # the same numbers give the same file

LONGEST = 4.0
"""Bars end here; what is better by more is not more interesting."""
PERCENTILES: Final = ("p50_ms", "p90_ms", "p99_ms", "p99.9_ms")
COLOURS: Final = ("#2e7d4f", "#2f6f9f", "#c08a2b", "#b3423a")


def headroom(result: Result) -> float | None:
    """Return how many times better than its target a result is; below 1 it misses it."""
    measured = result.ratio if result.target_is_ratio else result.value
    if result.target is None or measured is None:
        return None
    if result.at_most:
        return LONGEST if not measured else result.target / measured if result.target else 0.0
    return measured / result.target


def draw(results: Sequence[Result], folder: Path) -> None:
    """Draw the targets, the cost of a command against the book's size, and waits against load."""
    _draw_targets(results, folder / "benchmarks.svg")
    for result in results:
        if "cost_by_resting" in result.more:
            _draw_costs(result.more["cost_by_resting"], folder / "benchmarks-book.svg")
        if "waits_by_load" in result.more:
            _draw_waits(result.more["waits_by_load"], folder / "benchmarks-load.svg")


def _draw_targets(results: Sequence[Result], path: Path) -> None:
    """Draw a bar for each result that has a target."""
    bars = [(result, room) for result in reversed(results) if (room := headroom(result)) is not None]
    with _axes(path, (8, 0.9 + 0.38 * len(bars))) as axes:
        colours = ["#2e7d4f" if result.met else "#b3423a" for result, _ in bars]
        names, rooms = [result.name for result, _ in bars], [min(room, LONGEST) for _, room in bars]
        axes.barh(names, rooms, color=colours)
        axes.axvline(1, color="#333333", linewidth=1)
        axes.set_xlim(0, LONGEST)
        axes.set_xlabel("times better than the target (the line is the target; bars end at 4)")


def _draw_costs(costs: Mapping[str, Sequence[tuple[int, float]]], path: Path) -> None:
    """Draw what a command costs against how many orders rest, both in powers of ten."""
    with _axes(path, (8, 4)) as axes:
        for (name, points), colour in zip(costs.items(), COLOURS, strict=False):
            resting, cost_ns = zip(*points, strict=True)
            axes.loglog(resting, cost_ns, "o-", color=colour, label=name)
            for at, value in points:
                axes.annotate(f"{value:,.0f}", (at, value), (0, 7), textcoords="offset points", ha="center")
        axes.set_ylim(bottom=30, top=60_000)
        axes.set_xlabel("orders resting in one book")
        axes.set_ylabel("nanoseconds a command")
        axes.legend(frameon=False)


def _draw_waits(waits: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw percentiles of the wait against the share of the load that the venue can take."""
    with _axes(path, (8, 4)) as axes:
        load = [100 * each["load"] for each in waits]
        for name, colour in zip(PERCENTILES, COLOURS, strict=True):
            label = name.removesuffix("_ms").replace("p", "") + "th percentile"
            axes.semilogy(load, [each[name] for each in waits], "o-", color=colour, label=label)
        axes.set_xlim(0, 100)
        axes.set_xticks(load, [f"{each['load']:.0%}\n{each['orders_per_s']:,.0f}/s" for each in waits])
        axes.set_xlabel("load: share of the most that the venue can take, and orders a second")
        axes.set_ylabel("milliseconds from due to durable")
        axes.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))


@contextmanager
def _axes(path: Path, size: tuple[float, float]) -> Iterator[Axes]:
    """Draw on axes and keep the picture."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=size, layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)
