"""Latencies of many requests and their percentiles.

A latency counts from when a request should have been sent, not from when it was: a venue that stalls
delays the requests behind it, and leaving their wait out (coordinated omission) would flatter it.
"""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Final

import msgspec
import numpy as np

PERCENTILES: Final = (50.0, 90.0, 99.0, 99.9, 100.0)


class Latency(msgspec.Struct, frozen=True):
    """What one kind of request took, in milliseconds."""

    name: str
    requests: int
    errors: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float


class Recorder:
    """Collects latencies by the name of a step, and what went wrong by its sentence."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self._taken_s: dict[str, array[float]] = {}
        self._errors: Counter[str] = Counter()

    def add(self, name: str, taken_s: float) -> None:
        """Count an answered request."""
        self._taken_s.setdefault(name, array("d")).append(taken_s)

    def fail(self, name: str, sentence: str) -> None:
        """Count a request whose answer was wrong or never came."""
        self._taken_s.setdefault(name, array("d"))
        self._errors[name] += 1
        self.failures[f"{name}: {sentence}"] += 1

    @property
    def requests(self) -> int:
        """Return how many requests were answered."""
        return sum(map(len, self._taken_s.values()))

    @property
    def errors(self) -> int:
        """Return how many requests failed."""
        return self._errors.total()

    def rows(self) -> list[Latency]:
        """Return a row for each step in the order of first use, then one for all together."""
        everything = array("d")
        for taken_s in self._taken_s.values():
            everything.extend(taken_s)
        steps = [self._row(name, taken_s, self._errors[name]) for name, taken_s in self._taken_s.items()]
        return [*steps, self._row("all", everything, self.errors)]

    def _row(self, name: str, taken_s: array[float], errors: int) -> Latency:
        taken = np.frombuffer(taken_s) if taken_s else np.zeros(1)
        in_ms = [round(float(value) * 1_000, 3) for value in np.percentile(taken, PERCENTILES)]
        return Latency(name, len(taken_s), errors, round(float(taken.mean()) * 1_000, 3), *in_ms)
