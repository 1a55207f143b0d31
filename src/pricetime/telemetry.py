"""Logs and metrics.

Logs are structured (structlog): readable lines on a terminal, one JSON object a line elsewhere. Metrics
belong to one server, never to the process: every ``Metrics`` has its own registry. What is counted
with each request is kept in plain integers and turned into samples only when ``/metrics`` is read.
"""

from __future__ import annotations

import logging
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

LATENCY_BOUNDS_S: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
)

_frames_without_locals: Final = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure_logs(level: str = "info", *, json: bool | None = None) -> None:
    """Send logs to standard error from ``level`` up; ``json`` None: JSON unless it is a terminal."""
    number = logging.getLevelNamesMapping()[level.upper()]
    as_json = not sys.stderr.isatty() if json is None else json
    # Local variables stay out of tracebacks: tokens and passwords pass through them.
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = structlog.processors.JSONRenderer() if as_json else console
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([_frames_without_locals] if as_json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, force=True)


class RequestStats:
    """What happened to the requests of one endpoint, as integers. ``seconds`` are cumulative."""

    __slots__ = ("buckets", "seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self.seconds = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.buckets[bisect_left(LATENCY_BOUNDS_S, seconds)] += 1
        self.seconds += seconds


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._requests: dict[tuple[str, str], RequestStats] = {}
        self._readings: list[
            tuple[type[GaugeMetricFamily | CounterMetricFamily], str, str, Callable[[], float]]
        ]
        self._readings = []
        self._tallies: list[tuple[str, str, str, Callable[[], Mapping[str, float]]]] = []
        self.registry.register(self)

    def requests(self, method: str, path: str) -> RequestStats:
        """Return the counters of an endpoint, named by its template."""
        return self._requests.setdefault((method, path), RequestStats())

    def gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Export what ``read`` returns whenever the page is asked for; it may go up and down."""
        self._readings.append((GaugeMetricFamily, name, meaning, read))

    def counter(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Export what ``read`` returns whenever the page is asked for; it only goes up."""
        self._readings.append((CounterMetricFamily, name, meaning, read))

    def tally(self, name: str, meaning: str, label: str, read: Callable[[], Mapping[str, float]]) -> None:
        """Export several counters of one name: what ``read`` returns, by the values of their ``label``."""
        self._tallies.append((name, meaning, label, read))

    def reading(self, name: str) -> float:
        """Return what a gauge or counter is now; KeyError where there is none of that name."""
        return {of: read for _, of, _, read in self._readings}[name]()

    def page(self) -> bytes:
        """Return the Prometheus text page."""
        return generate_latest(self.registry)

    def collect(self) -> Iterable[Metric]:
        """Yield the samples, as a Prometheus collector does."""
        yield from self._request_families()
        for family, name, meaning, read in self._readings:
            sample = family(name, meaning)
            sample.add_metric([], read())
            yield sample
        for name, meaning, label, tally in self._tallies:
            counts = CounterMetricFamily(name, meaning, labels=[label])
            for value, count in sorted(tally().items()):
                counts.add_metric([value], count)
            yield counts

    def _request_families(self) -> Iterable[Metric]:
        total = CounterMetricFamily(
            "pricetime_http_requests", "Requests answered.", labels=["method", "path", "status"]
        )
        spent = HistogramMetricFamily(
            "pricetime_http_request_seconds", "Time to answer.", labels=["method", "path"]
        )
        for (method, path), stats in self._requests.items():
            for status, count in sorted(stats.statuses.items()):
                total.add_metric([method, path, str(status)], count)
            if stats.statuses:
                spent.add_metric([method, path], _cumulative(stats.buckets), stats.seconds)
        yield total
        yield spent


def _cumulative(buckets: list[int]) -> list[tuple[str, float]]:
    rows, count = [], 0
    for bound, inside in zip([*map(str, LATENCY_BOUNDS_S), "+Inf"], buckets, strict=True):
        count += inside
        rows.append((bound, float(count)))
    return rows
