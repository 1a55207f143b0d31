"""A day of an exchange through the venue: messages played, books compared, and the report of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter
from typing import Final, Literal

import msgspec

from pricetime.errors import LobsterError
from pricetime.lobster.causes import MEANING
from pricetime.lobster.compare import Comparison, Tally
from pricetime.lobster.export import Writer
from pricetime.lobster.flow import Flow, Pick, shown_order
from pricetime.lobster.format import (
    UNOCCUPIED,
    BookRows,
    Message,
    MessageType,
    count_rows,
    levels_of,
    read_book,
    read_messages,
)
from pricetime.runtime.venue import Venue

DEFAULT_LEVELS: Final = 10
ProgressCallback = Callable[[int, int], None]


class Difference(msgspec.Struct, frozen=True):
    """How often messages, executions or rows differed for one cause, and in which lines first."""

    what: Literal["message", "execution", "row"]
    cause: str
    meaning: str
    count: int
    lines: list[int]


class Rows(msgspec.Struct, frozen=True):
    """The rows compared: equal at all levels, equal at each; and levels taken over as they came into view."""

    compared: int
    equal: int
    equal_at: list[int]
    levels_revealed: int


class Report(msgspec.Struct, frozen=True):
    """What a replay has found. ``faults``: what is wrong with the venue's conservation, empty if nothing."""

    messages: dict[str, int]
    executions: dict[str, int]
    rows: Rows | None
    differences: list[Difference]
    faults: list[str]
    written: int
    seconds: float
    messages_per_s: int


def replay(
    path: Path,
    book_path: Path | None,
    venue_type: type[Venue],
    *,
    out: Path | None = None,
    levels: int | None = None,
    seed_once: bool = False,
    progress: ProgressCallback = lambda _done, _all: None,
) -> Report:
    """Play a message file on a new venue and compare it with the orderbook file; LobsterError.

    ``levels`` is how many to write to ``out``; else as many as the orderbook has. ``seed_once``: take no
    level from the orderbook but those of its first row.
    """
    total = count_rows(path)
    filed = 0
    if book_path is not None:
        filed = levels_of(book_path)
        if (rows := count_rows(book_path)) != total:
            raise LobsterError(
                f"{path} has {total} lines and {book_path} has {rows}; "
                "an orderbook has one row after each message."
            )
    written = levels or filed or DEFAULT_LEVELS
    run = _Run(Flow(venue_type, max(filed, written)), filed, seed_once=seed_once)
    started = perf_counter()
    with ExitStack() as stack:
        if out is not None:
            run.writer = stack.enter_context(Writer(out, run.flow.book, written))
        for messages, rows_after in _paired(path, book_path, filed):
            run.play(messages, rows_after)
            progress(run.line, total)
    return run.report(perf_counter() - started)


def _paired(
    path: Path, book_path: Path | None, levels: int
) -> Iterator[tuple[list[Message], BookRows | None]]:
    if book_path is None:
        yield from ((messages, None) for messages in read_messages(path))
    else:
        yield from zip(read_messages(path), read_book(book_path, levels), strict=True)


class _Run:
    """One replay under way. ``line`` is the last one played."""

    def __init__(self, flow: Flow, levels: int, *, seed_once: bool) -> None:
        self.flow = flow
        self.line = 0
        self.writer: Writer | None = None
        self._comparison = Comparison(flow, levels, seed_once=seed_once) if levels else None
        self._kinds: Counter[int] = Counter()
        self._picks: Counter[Pick] = Counter()
        self._of_messages, self._of_executions = Tally(), Tally()

    def play(self, messages: list[Message], rows: BookRows | None) -> None:
        """Play a chunk of messages, and compare the book after each."""
        if not self.line:
            if rows is not None:
                self._seed(messages[0], rows)
            if self.writer is not None:
                self.flow.on_change = self._write
        self._kinds.update(message.type for message in messages)
        compare = None if self._comparison is None else self._comparison.row
        filed = iter(()) if rows is None else zip(*rows, strict=True)
        for line, message in enumerate(messages, self.line + 1):
            cause, pick = self.flow.play(message)
            if pick is not None:
                self._picks[pick] += 1
            if cause is not None:
                (self._of_messages if pick is None else self._of_executions).add(cause, line)
            if self.writer is not None and message.type >= MessageType.EXECUTE_HIDDEN:
                self.writer.write(message)
            if compare is not None:
                compare(line, cause, *next(filed))
        self.line += len(messages)

    def _seed(self, first: Message, rows: BookRows) -> None:
        asks = dict(zip(rows.ask_keys[0], rows.ask_sizes[0], strict=True))
        bids = {-key: size for key, size in zip(rows.bid_keys[0], rows.bid_sizes[0], strict=True)}
        asks.pop(UNOCCUPIED, None)
        bids.pop(-UNOCCUPIED, None)
        if asks and bids and min(asks) <= max(bids):
            raise LobsterError(
                "The first row of the orderbook is crossed; begin where trading is continuous."
            )
        self.flow.seed(first, asks, bids)

    def _write(self, change: Message) -> None:
        # Messages that do not touch the book are passed on as the file has them, halts among them.
        if change.type < MessageType.EXECUTE_HIDDEN:
            assert self.writer is not None, "set before the first message"
            self.writer.write(change._replace(order=shown_order(change.order)))

    def report(self, seconds: float) -> Report:
        """Return what has been found."""
        compared = self._comparison
        tallies: list[tuple[Literal["message", "execution", "row"], Tally]] = [
            ("message", self._of_messages),
            ("execution", self._of_executions),
            ("row", Tally() if compared is None else compared.differences),
        ]
        return Report(
            messages={kind.name.lower(): self._kinds[kind] for kind in MessageType},
            executions={pick.value: self._picks[pick] for pick in Pick},
            rows=None
            if compared is None
            else Rows(compared.rows, compared.equal, compared.equal_at, compared.levels_revealed),
            differences=[
                Difference(what, cause.value, MEANING[cause], count.times, count.lines)
                for what, tally in tallies
                for cause, count in sorted(tally.counts.items(), key=lambda item: -item[1].times)
            ],
            faults=self.flow.venue.check(),
            written=0 if self.writer is None else self.writer.messages,
            seconds=round(seconds, 3),
            messages_per_s=round(self.line / seconds) if seconds else 0,
        )
