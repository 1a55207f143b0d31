"""What a benchmark measured, and how it is shown: in the terminal, as JSON, and in the docs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "benchmarks.md"

PIPE_WIDTH = 110


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured number.

    ``target`` is what ``value`` is held against, or, with ``target_is_ratio``, what ``ratio`` (value over
    baseline) is held against. ``at_most`` turns the comparison round.
    """

    name: str
    value: float
    unit: str
    workload: str
    target: float | None = None
    at_most: bool = False
    target_is_ratio: bool = False
    baseline: float | None = None
    baseline_is: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    """Further numbers of the same run, for ``results.json``."""

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without a target."""
        measured = self.ratio if self.target_is_ratio else self.value
        if self.target is None or measured is None:
            return None
        return measured <= self.target if self.at_most else measured >= self.target

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "met": self.met}


def from_json(data: dict[str, Any]) -> Result:
    return Result(**{name: value for name, value in data.items() if name not in ("ratio", "met")})


def number(value: float | None) -> str:
    """Return a number as people read it: three figures for the small, whole for the large."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def target_text(result: Result) -> str:
    if result.target is None:
        return ""
    sign = "≤" if result.at_most else "≥"
    return f"{sign} {number(result.target)}{'×' if result.target_is_ratio else ''}"


def show(results: Iterable[Result], title: str) -> None:
    """Print the table."""
    table = Table(title=title, title_justify="left")
    table.add_column("benchmark", overflow="fold")
    for heading in ("value", "baseline", "ratio", "target", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in results:
        met = {True: "[green]met", False: "[red]missed", None: ""}[result.met]
        value = f"{number(result.value)} {result.unit}"
        table.add_row(
            result.name, value, number(result.baseline), number(result.ratio), target_text(result), met
        )
    terminal = Console()
    terminal.print(table, width=max(terminal.width, PIPE_WIDTH) if not terminal.is_terminal else None)


def machine() -> dict[str, Any]:
    """Describe the machine, so that a number can be read for what it is."""
    return {
        "cores": os.cpu_count(),
        "cpu": _cpu_model(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def keep(results: Sequence[Result], order: Sequence[str]) -> list[Result]:
    """Write the results and the page made from them, and return them.

    Results of benchmarks that were not run now stay, those of a benchmark that has changed its rows do not.
    """
    renewed = {_family(result) for result in results}
    stay = [result for result in _kept() if _family(result) not in renewed and _family(result) in order]
    ranked = sorted([*stay, *results], key=lambda result: order.index(_family(result)))
    document = {"machine": machine(), "results": [result.to_json() for result in ranked]}
    RESULTS.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE.write_text(page(ranked), "utf-8")
    return ranked


def _kept() -> list[Result]:
    if not RESULTS.exists():
        return []
    return [from_json(row) for row in json.loads(RESULTS.read_text("utf-8"))["results"]]


def _family(result: Result) -> str:
    """The benchmark that a result is of: what stands before the colon of its name."""
    return result.name.split(":")[0]


def page(results: Sequence[Result]) -> str:
    """Return ``docs/benchmarks.md``."""
    about = machine()
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. A number alone says little, so each benchmark runs a baseline",
        "beside it, in the same run on the same machine, and gives the ratio of the two.",
        "",
        f"Machine: {about['cores']} cores of {about['cpu']},",
        f"Linux {about['kernel']}, Python {about['python']}.",
        "",
        "![how far each target is surpassed or missed](benchmarks.svg)",
        "",
        "What a command costs as the book grows, and how long an order waits as the load grows:",
        "",
        "![nanoseconds a command against resting orders](benchmarks-book.svg)",
        "![percentiles of the wait against load](benchmarks-load.svg)",
        "",
        "| benchmark | value | baseline | ratio | target | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for result in results:
        met = {True: "met", False: "**missed**", None: ""}[result.met]
        lines.append(
            f"| {result.name} | {number(result.value)} {result.unit} | {number(result.baseline)} "
            f"| {number(result.ratio)} | {target_text(result)} | {met} |"
        )
    lines += ["", "## Workloads", ""]
    for result in results:
        baseline = f" Baseline: {result.baseline_is}." if result.baseline_is else ""
        lines.append(f"- **{result.name}**: {result.workload}.{baseline}")
    return "\n".join(lines) + "\n"
