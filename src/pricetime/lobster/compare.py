"""The venue's book against the file's, row by row, and the reason of every difference.

A row is equal where every level of both sides is, in price and size. Where it is not, each price that
differs gets one cause: it has come into view since the last row; or the message that was just played
differs, and says why; or it differed before, and the cause stays what it was.

What comes into view, the file alone can tell: unless ``seed_once`` says otherwise, the venue follows it
there *after* the row is counted as different. Nothing that was in view before is ever corrected.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from pricetime.lobster.book import Ladder
from pricetime.lobster.causes import Cause
from pricetime.lobster.flow import Flow
from pricetime.lobster.format import UNOCCUPIED

_LINES_KEPT: Final = 5


@dataclass(slots=True)
class Count:
    """How often something happened, and in which lines first."""

    times: int = 0
    lines: list[int] = field(default_factory=list)


class Tally:
    """Counts causes."""

    def __init__(self) -> None:
        self.counts: dict[Cause, Count] = {}

    def add(self, cause: Cause, line: int) -> None:
        """Count one more."""
        count = self.counts.setdefault(cause, Count())
        count.times += 1
        if len(count.lines) < _LINES_KEPT:
            count.lines.append(line)


class Comparison:
    """Compares the rows of one file. ``equal_at[i]`` counts rows whose level ``i`` is equal on both sides."""

    def __init__(self, flow: Flow, levels: int, *, seed_once: bool) -> None:
        self.rows = 0
        self.equal = 0
        self.differences = Tally()
        self.levels_revealed = 0
        self._flow = flow
        self._levels = levels
        self._seed_once = seed_once
        self._unequal_at = [0] * levels
        self._open: dict[tuple[int, int], Cause] = {}
        """By direction and key: prices that differed in the last row, and why."""
        self._worst = {1: UNOCCUPIED, -1: UNOCCUPIED}
        """The last level in view on each side in the last row; below it nothing was known."""

    @property
    def equal_at(self) -> list[int]:
        """Return how many rows were equal at each level."""
        return [self.rows - unequal for unequal in self._unequal_at]

    def row(
        self,
        line: int,
        cause: Cause | None,
        ask_keys: list[int],
        ask_sizes: list[int],
        bid_keys: list[int],
        bid_sizes: list[int],
    ) -> None:
        """Compare the row after a message; ``cause``: why the message itself differed."""
        levels, asks, bids = self._levels, self._flow.book.asks, self._flow.book.bids
        self.rows += 1
        if (
            asks.keys[:levels] == ask_keys
            and bids.keys[:levels] == bid_keys
            and asks.sizes[:levels] == ask_sizes
            and bids.sizes[:levels] == bid_sizes
        ):
            self.equal += 1
            self._open.clear()
        else:
            self._count_levels(ask_keys, ask_sizes, bid_keys, bid_sizes)
            self._explain(line, cause, {-1: (ask_keys, ask_sizes), 1: (bid_keys, bid_sizes)})
        self._look_down(-1, ask_keys[-1])
        self._look_down(1, bid_keys[-1])

    def _look_down(self, direction: int, worst: int) -> None:
        """Take note how far down the file shows a side."""
        if worst > self._worst[direction] and not self._seed_once:
            self._flow.doubt(direction, self._worst[direction], worst)
        self._worst[direction] = worst

    def _count_levels(
        self, ask_keys: list[int], ask_sizes: list[int], bid_keys: list[int], bid_sizes: list[int]
    ) -> None:
        asks, bids = self._flow.book.asks, self._flow.book.bids
        filed = zip(ask_keys, ask_sizes, bid_keys, bid_sizes, strict=True)
        here = zip(asks.keys, asks.sizes, bids.keys, bids.sizes, strict=False)
        for level, (one, other) in enumerate(zip(filed, here, strict=False)):
            self._unequal_at[level] += one != other

    def _explain(self, line: int, cause: Cause | None, filed: dict[int, tuple[list[int], list[int]]]) -> None:
        found: dict[tuple[int, int], Cause] = {}
        revealed = []
        for direction, (keys, sizes) in filed.items():
            for key, more in _differences(self._flow.book.ladder(direction), keys, sizes).items():
                came = key > self._worst[direction]
                known = self._open.get((direction, key))
                if came:
                    known = Cause.CAME_INTO_VIEW if more > 0 else Cause.LEFT_UNSEEN
                    revealed.append((direction, key, more))
                found[direction, key] = known or cause or Cause.UNEXPLAINED
        self._open = found
        for each in dict.fromkeys(found.values()):
            self.differences.add(each, line)
        if not self._seed_once:
            for direction, key, more in revealed:
                self._flow.reveal(direction, key, more)
            self.levels_revealed += len(revealed)


def _differences(ladder: Ladder, keys: list[int], sizes: list[int]) -> dict[int, int]:
    """Return by key how many shares more the file has than the ladder, as far down as the file shows."""
    filed = dict(zip(keys, sizes, strict=True))
    filed.pop(UNOCCUPIED, None)
    end = bisect_right(ladder.keys, keys[-1] if keys[-1] < UNOCCUPIED else UNOCCUPIED - 1)
    here = dict(zip(ladder.keys[:end], ladder.sizes[:end], strict=True))
    return {key: more for key in sorted({*filed, *here}) if (more := filed.get(key, 0) - here.get(key, 0))}
