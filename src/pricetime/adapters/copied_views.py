"""The views in MongoDB, with what is asked for most as copies in Redis: balances, prices and books.

``subjects_of`` says what a batch of events changes of them, for who tells the versions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import msgspec
from pymongo.database import Database

from pricetime.adapters.mongo_view_rows import Document
from pricetime.adapters.mongo_views import MongoViews
from pricetime.adapters.redis_copies import Copies, Versions
from pricetime.ports import Balance, Depth, Notice, NoticeSender, StockRow
from pricetime.records import CommandKind, EventKind, event_array
from pricetime.records.routing import Room

T = TypeVar("T")

ALL_STOCKS: Final = "stocks"
_balance: Final = msgspec.msgpack.Decoder(Balance).decode
_stock: Final[Callable[[bytes], StockRow | None]] = msgspec.msgpack.Decoder(StockRow | None).decode
_stocks: Final = msgspec.msgpack.Decoder(list[StockRow]).decode
_depth: Final = msgspec.msgpack.Decoder(Depth).decode


class CopiedViews(MongoViews):
    """The views, some rows of which may be copies. Reads of one moment (``at_once``) have none."""

    def __init__(
        self, database: Database[Document], copies: Copies, read_preference: str = "primary"
    ) -> None:
        super().__init__(database, read_preference)
        self._copies = copies

    def balance(self, account: int) -> Balance:
        """Return an account's money; zeros where it never had any."""
        return self._copy(
            _of_balance(account), "row", _balance, lambda: super(CopiedViews, self).balance(account)
        )

    def stock(self, stock: int) -> StockRow | None:
        """Return a listed stock."""
        return self._copy(_of_stock(stock), "row", _stock, lambda: super(CopiedViews, self).stock(stock))

    def stocks(self) -> Sequence[StockRow]:
        """Return every listed stock, by number."""
        return self._copy(ALL_STOCKS, "rows", _stocks, super().stocks)

    def depth(self, stock: int, levels: int) -> Depth:
        """Return the best ``levels`` levels of each side; the book has been the same since ``event``."""
        return self._copy(
            _of_stock(stock), f"depth:{levels}", _depth, lambda: super(CopiedViews, self).depth(stock, levels)
        )

    def _copy(self, subject: str, what: str, decode: Callable[[bytes], T], query: Callable[[], T]) -> T:
        if self.is_at_once:
            return query()
        return self._copies.read(subject, what, decode, query)


class NoticesOfVersions:
    """Notices that leave when no older copy is used any more of what they tell."""

    def __init__(self, notices: NoticeSender, versions: Versions) -> None:
        self._notices = notices
        self._versions = versions

    async def publish(self, notices: Sequence[Notice]) -> None:
        """Tell all who listen; BrokerFailed where the broker has not confirmed it."""
        if subjects := subjects_of(notices):
            await self._versions.renew(subjects)
        await self._notices.publish(notices)


def subjects_of(notices: Iterable[Notice]) -> set[str]:
    """Return whose rows may have changed."""
    subjects: set[str] = set()
    for notice in notices:
        events = event_array(notice.events)
        if notice.partition.room == Room.BOOK:
            changed = events
        else:
            balances = events["account"][events["kind"] == EventKind.BALANCE_CHANGED]
            subjects.update(map(_of_balance, set(balances.tolist())))
            is_grant = (events["kind"] == EventKind.ACCEPTED) & (
                events["command"] == CommandKind.GRANT_SHARES
            )
            changed = events[is_grant]
        stocks = set(changed["stock"].tolist()) - {0}
        subjects.update(map(_of_stock, stocks))
        if stocks:
            subjects.add(ALL_STOCKS)
    return subjects


def _of_balance(account: int) -> str:
    return f"balance:{account}"


def _of_stock(stock: int) -> str:
    return f"stock:{stock}"
