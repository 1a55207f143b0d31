"""Any run of a venue as LOBSTER files: a message for each change of the visible book, the book after each.

Times are seconds after midnight UTC of the first message's day, so that they never run backwards in a run
of several days. What is not visible is written as LOBSTER does: a waiting market order is not announced,
and its execution is that of a hidden order. Whose an order is, the format cannot tell; so where somebody
passes over their own orders, a replay of the files cannot follow, and that is counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self, TextIO

from pricetime.errors import LobsterError
from pricetime.lobster.book import VisibleBook
from pricetime.lobster.format import Message, book_line, companion, message_line

DAY_NS: Final = 86_400 * 1_000_000_000


class Exported(NamedTuple):
    """How many messages were written, and in how many somebody passed over an order of their own."""

    messages: int
    passed_over: int


class Writer:
    """Writes a message file and its orderbook. The book must be as it is after the message written."""

    def __init__(self, path: Path, book: VisibleBook, levels: int) -> None:
        self.messages = 0
        self._book = book
        self._levels = levels
        try:
            self._message_file: TextIO = path.open("w", encoding="ascii", newline="")
            self._book_file: TextIO = companion(path).open("w", encoding="ascii", newline="")
        except OSError as error:
            raise LobsterError(f"{error.filename} cannot be written: {error.strerror}.") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._message_file.close()
        self._book_file.close()

    def write(self, message: Message) -> None:
        """Write a message, and the book."""
        levels, asks, bids = self._levels, self._book.asks, self._book.bids
        self._message_file.write(message_line(message))
        self._book_file.write(
            book_line(asks.keys[:levels], asks.sizes[:levels], bids.keys[:levels], bids.sizes[:levels])
        )
        self.messages += 1


def export(
    batches: Iterable[bytes], stock: int, path: Path, levels: int, *, day_ns: int | None = None
) -> Exported:
    """Write one stock of a run, given as batches of its events.

    ``day_ns``: the midnight of the only day to write; orders from before it then stand in the book, and are
    not announced. LobsterError where there is nothing to write.
    """
    book = VisibleBook(stock, levels)
    messages = (message for events in batches for message in book.follow(events))
    first = next((each for each in messages if day_ns is None or each.time_ns >= day_ns), None)
    if first is None or (day_ns is not None and first.time_ns >= day_ns + DAY_NS):
        raise LobsterError(f"Stock {stock} has no messages to write" + (" on this day." if day_ns else "."))
    midnight = first.time_ns // DAY_NS * DAY_NS
    with Writer(path, book, levels) as writer:
        before = book.passed_over
        writer.write(first._replace(time_ns=first.time_ns - midnight))
        for message in messages:
            if day_ns is not None and message.time_ns >= day_ns + DAY_NS:
                break
            writer.write(message._replace(time_ns=message.time_ns - midnight))
        return Exported(writer.messages, book.passed_over - before)
