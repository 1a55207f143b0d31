"""Planted faults: the reference with one mistake each, which the oracle must find.

Who doubts that the oracle would see a wrong trade plants one: ``pricetime prove --plant NAME``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Self

from pricetime.records import Command, Flag, Reason, SelfTrade
from pricetime.rules import Venue
from pricetime.rules.book import FOK, Book, BookListener
from pricetime.rules.clearing import Clearing
from pricetime.rules.judgement import Denial
from pricetime.rules.ledger import Account, Ledger
from pricetime.rules.matching import Matching
from pricetime.rules.memory import ClientIds
from pricetime.rules.order import BUY, MARKET, Order, Queue
from pricetime.rules.outbox import Outbox


class _Books(dict[int, Book]):
    """The books of a venue, each turned into a faulty kind as it is put in."""

    def __init__(self, kind: type[Book]) -> None:
        super().__init__()
        self._kind = kind

    def __setitem__(self, stock: int, book: Book) -> None:
        book.__class__ = self._kind
        super().__setitem__(stock, book)


class _FaultyBooks(Venue):
    """A venue with faulty books."""

    book_type: type[Book]

    def __init__(self) -> None:
        super().__init__()
        self.books = self.matching.books = self.clearing.stocks = _Books(self.book_type)


class _PricePriorityBook(Book):
    def _standing_against(self, taker: Order) -> Iterator[Order]:
        queues: dict[Queue | None, list[Order]] = {}
        for order in super()._standing_against(taker):
            queues.setdefault(order.queue, []).append(order)
        for queue in reversed(list(queues)):
            yield from queues[queue]


class PricePriority(_FaultyBooks):
    """The worst price trades first."""

    book_type = _PricePriorityBook


class _TimePriorityBook(Book):
    def _standing_against(self, taker: Order) -> Iterator[Order]:
        queues: dict[Queue | None, list[Order]] = {}
        for order in super()._standing_against(taker):
            queues.setdefault(order.queue, []).append(order)
        for orders in queues.values():
            yield from reversed(orders)


class TimePriority(_FaultyBooks):
    """At one price the youngest order trades first."""

    book_type = _TimePriorityBook


class HoldKept(Venue):
    """A cancelled order's hold is not released."""

    def closed(self, order: Order, reason: Reason) -> None:
        """Give back, and take it again."""
        held = order.hold()
        super().closed(order, reason)
        if reason == Reason.CANCELLED:
            self.clearing.change_hold(order, held)


class _OverspentBook(Book):
    def _trade(self, taker: Order, maker: Order, price: int, listener: BookListener) -> None:
        buyer = taker if taker.side == BUY else maker
        if buyer.order_type == MARKET and 0 < buyer.budget // price < min(taker.remaining, maker.remaining):
            buyer.budget += price
        super()._trade(taker, maker, price, listener)


class BudgetOverspent(_FaultyBooks):
    """A market buy takes one share more than its budget pays."""

    book_type = _OverspentBook


class _TakersPriceBook(Book):
    def _price_of_trade(self, order: Order, maker: Order) -> int:
        return order.price or super()._price_of_trade(order, maker)


class TakersPrice(_FaultyBooks):
    """A trade happens at the price of the order that arrives."""

    book_type = _TakersPriceBook


class _SelfTradeBook(Book):
    def _match(self, taker: Order, listener: BookListener) -> bool:
        account, taker.account = taker.account, 0
        try:
            return super()._match(taker, _Renamed(listener, taker, account))
        finally:
            taker.account = account


class _Renamed(BookListener):
    """Tells a listener of a taker under its own account, whatever the book takes it for."""

    def __init__(self, listener: BookListener, taker: Order, account: int) -> None:
        self._listener, self._taker, self._account = listener, taker, account

    def traded(self, taker: Order, maker: Order, price: int, quantity: int) -> None:
        self._taker.account = self._account
        self._listener.traded(taker, maker, price, quantity)
        self._taker.account = 0

    def closed(self, order: Order, reason: Reason) -> None:
        self._taker.account = self._account
        self._listener.closed(order, reason)
        self._taker.account = 0

    def opened(self, order: Order, given_back: int) -> None:
        self._listener.opened(order, given_back)


class SelfTradeAllowed(_FaultyBooks):
    """An account trades with itself."""

    book_type = _SelfTradeBook


class _WrongSideBook(Book):
    def _prevent_self_trade(self, taker: Order, maker: Order, listener: BookListener) -> bool:
        policy = taker.self_trade
        others = {
            SelfTrade.CANCEL_NEWEST: SelfTrade.CANCEL_OLDEST,
            SelfTrade.CANCEL_OLDEST: SelfTrade.CANCEL_NEWEST,
        }
        taker.self_trade = others.get(SelfTrade(policy), policy)
        try:
            return super()._prevent_self_trade(taker, maker, listener)
        finally:
            taker.self_trade = policy


class SelfTradeWrongSide(_FaultyBooks):
    """``cancel_newest`` cancels the oldest order and ``cancel_oldest`` the newest."""

    book_type = _WrongSideBook


class _PartialFokBook(Book):
    def _fills_whole(self, taker: Order) -> bool:
        return any(self._price_of_trade(taker, maker) for maker in self._standing_against(taker))

    def _rest(self, order: Order, listener: BookListener) -> None:
        if order.time_in_force == FOK:
            listener.closed(order, Reason.FOK)
        else:
            super()._rest(order, listener)


class FokInPart(_FaultyBooks):
    """A fill-or-kill order takes what there is."""

    book_type = _PartialFokBook


class _PostOnlyTakesBook(Book):
    def would_take(self, order: Order) -> bool:  # noqa: ARG002 - the reference's signature
        return False


class PostOnlyTakes(_FaultyBooks):
    """A post-only order trades on arrival."""

    book_type = _PostOnlyTakesBook


class _ReducedBook(Book):
    def reduce(self, order: Order, remaining: int) -> None:
        super().reduce(order, remaining)
        self.remove(order)
        self.side(order.side).append(order)


class ReducedLosesPlace(_FaultyBooks):
    """An order that is made smaller goes to the back of its line."""

    book_type = _ReducedBook


class _Forgetful(Venue):
    """A venue that forgets something when it is restored."""

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return the venue of a snapshot, but for what it forgets."""
        venue = super().restore(snapshot)
        venue._forget()
        return venue

    def _forget(self) -> None:
        raise NotImplementedError


class IdsForgotten(_Forgetful):
    """Client ids are forgotten by a restored venue."""

    def _forget(self) -> None:
        self.clearing.client_ids.clear()


class BudgetForgotten(_Forgetful):
    """A market buy that waits has no budget any more in a restored venue."""

    def _forget(self) -> None:
        for order in self.clearing.orders.values():
            order.budget = 0


class HaltForgotten(_Forgetful):
    """A halted stock is not halted any more in a restored venue."""

    def _forget(self) -> None:
        for book in self.books.values():
            book.halted = False


class CancelAllMissesStock(Venue):
    """Cancelling all orders leaves those of the newest stock."""

    def _cancel_all(self, command: Command) -> None:
        open_orders = self.clearing.open_orders
        kept = open_orders.get(command.account)
        missed = {} if kept is None or command.stock else {
            number: order for number, order in kept.items() if order.stock == max(self.books) > 1
        }  # fmt: skip
        for number in missed:
            del open_orders[command.account][number]
        super()._cancel_all(command)
        if kept is not None:
            kept.update(missed)


class CutUntold(Venue):
    """The flag that an order was cut to the wallet is missing."""

    def _judge_order(self, command: Command) -> Order:
        order = super()._judge_order(command)
        order.flags &= ~Flag.CUT
        return order


class _WrappingLedger(Ledger):
    def grant(self, account: Account, stock: int, quantity: int) -> bool:
        listed = self.shares[stock] + quantity
        self.shares[stock] = (listed + 2**63) % 2**64 - 2**63
        account.holding(stock).free += quantity
        return True


class SharesWrap(Venue):
    """The count of a stock's shares wraps at 64 bits instead of ending in a denial."""

    def __init__(self) -> None:
        super().__init__()
        self.clearing.ledger = _WrappingLedger()


class _ForgetfulOutbox(Outbox):
    def touch(self, account: Account) -> None:
        if account not in self._accounts and len(self._accounts) < 1:
            super().touch(account)


class BalanceUntold(Venue):
    """Of a command that changes two balances only one is told."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = self.clearing.outbox = _ForgetfulOutbox()


class _LongMemory(ClientIds):
    def __init__(self, limit: int) -> None:
        super().__init__(limit + 1)


class _LongMemories(Clearing):
    def memory_of(self, command: Command) -> ClientIds | None:
        known = command.account in self.client_ids
        memory = super().memory_of(command)
        if memory is not None and not known:
            memory = self.client_ids[command.account] = _LongMemory(self.limits.client_ids)
        return memory


class IdsLimitOffByOne(Venue):
    """An account's memory keeps one client id too many."""

    def __init__(self) -> None:
        super().__init__()
        self.clearing.__class__ = _LongMemories


class ValidateCounts(Venue):
    """An order that is only judged counts as the last command."""

    def validate(self, command: bytes) -> bytes:
        """Judge one order, and count it."""
        answer = super().validate(command)
        self.sequence += 1
        return answer


class _UnpaidAmends(Matching):
    def judge_amend(self, order: Order, price: int, quantity: int, brought: int) -> None:
        try:
            super().judge_amend(order, price, quantity, brought)
        except Denial as denial:
            if denial.reason not in (Reason.INSUFFICIENT_FUNDS, Reason.INSUFFICIENT_SHARES):
                raise


class AmendUnpaid(Venue):
    """An amend is not judged by the wallet."""

    def __init__(self) -> None:
        super().__init__()
        self.matching = _UnpaidAmends(self.books)


FAULTS: Final[dict[str, type[Venue]]] = {
    "price-priority": PricePriority,
    "time-priority": TimePriority,
    "hold-kept": HoldKept,
    "budget-overspent": BudgetOverspent,
    "takers-price": TakersPrice,
    "self-trade": SelfTradeAllowed,
    "self-trade-side": SelfTradeWrongSide,
    "fok-in-part": FokInPart,
    "post-only-takes": PostOnlyTakes,
    "reduced-loses-place": ReducedLosesPlace,
    "ids-forgotten": IdsForgotten,
    "ids-limit": IdsLimitOffByOne,
    "budget-forgotten": BudgetForgotten,
    "halt-forgotten": HaltForgotten,
    "cancel-all-misses": CancelAllMissesStock,
    "cut-untold": CutUntold,
    "shares-wrap": SharesWrap,
    "balance-untold": BalanceUntold,
    "validate-counts": ValidateCounts,
    "amend-unpaid": AmendUnpaid,
}
"""The faults by name; a fault's docstring says what is wrong."""
