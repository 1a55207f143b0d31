"""The picture of the benchmarks: how far each target is surpassed or missed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

from bench._table import Result

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "pricetime"  # the same numbers give the same file

LONGEST = 4.0
"""Bars end here; what is better by more is not more interesting."""


def headroom(result: Result) -> float | None:
    """Return how many times better than its target a result is; below 1 it misses it."""
    measured = result.ratio if result.target_is_ratio else result.value
    if result.target is None or measured is None:
        return None
    if result.at_most:
        return LONGEST if not measured else result.target / measured if result.target else 0.0
    return measured / result.target


def draw(results: Sequence[Result], path: Path) -> None:
    """Draw a bar for each result that has a target."""
    from matplotlib import pyplot

    bars = [(result, room) for result in reversed(results) if (room := headroom(result)) is not None]
    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.38 * len(bars)), layout="constrained")
    colours = ["#2e7d4f" if result.met else "#b3423a" for result, _ in bars]
    axes.barh([result.name for result, _ in bars], [min(room, LONGEST) for _, room in bars], color=colours)
    axes.axvline(1, color="#333333", linewidth=1)
    axes.set_xlim(0, LONGEST)
    axes.set_xlabel("times better than the target (the line is the target; bars end at 4)")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)
