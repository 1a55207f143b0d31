"""Who listens to what: channels, subscriptions, and what each reader is given.

A public reader whose connection holds more than it should is given nothing until it has read, and then a
snapshot; a private reader in that state is let go. So no memory grows with a slow reader.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pricetime.api.feed.history import History
from pricetime.api.problems import Refused
from pricetime.api.stream.account import AccountSource
from pricetime.api.stream.channel import ENDED, STALE, WAITS, Channel, Look, Subscription
from pricetime.api.stream.listener import Listener
from pricetime.api.stream.messages import Key, Message
from pricetime.api.stream.sources import (
    CHECKSUM_LEVELS,
    CandlesSource,
    DepthSource,
    PricesSource,
    Source,
    TradesSource,
)
from pricetime.api.stream.touched import Touched, Work, joined, named_orders
from pricetime.errors import Conflict, InvalidRequest, NotFound
from pricetime.ports import Depth
from pricetime.rules import money
from pricetime.schema import Checksum

if TYPE_CHECKING:
    from pricetime.api.services import Services

_AT_ONCE: Final = 64
"""Connections written to before the loop may do something else."""


class Hub:
    """All listeners and channels of one venue."""

    def __init__(self, venue: Services) -> None:
        self._venue = venue
        self._settings = venue.settings
        self.touched = Touched(venue.settings.stocks_limit, venue.settings.stream_rows_limit)
        self.channels: dict[Key, Channel] = {}
        self.listeners: dict[Listener, None] = {}
        self._held_up: dict[Listener, None] = {}
        """Those whose messages leave when a round is over."""
        self.stale: dict[Subscription, None] = {}
        self.position = -1
        """The event at which the views were looked at last; every channel is told of up to it."""
        self.is_asked = asyncio.Event()
        """Set when somebody waits for the next round."""

    # ----------------------------------------------------------------------------------- who listens

    def enter(self, listener: Listener) -> None:
        """Let a listener in; Refused where there are too many."""
        self._check_room(listener.account, len(self.listeners))
        self.listeners[listener] = None
        if listener.holds:
            self._held_up[listener] = None

    def become(self, listener: Listener, account: int) -> None:
        """Note whose connection it is; Refused where the account has too many."""
        if listener.account != account:
            self._check_room(account, 0)
            listener.account = account

    def _check_room(self, account: int, listeners: int) -> None:
        settings = self._settings
        if listeners >= settings.stream_connections_limit:
            raise Refused(
                "too_many_streams", "The venue has as many streams as it takes. Try again in a moment."
            )
        limit = settings.stream_account_limit
        if account and sum(each.account == account for each in self.listeners) >= limit:
            raise Refused("too_many_streams", f"An account may have {limit} streams at once. End one first.")

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        for subscription in tuple(listener.subscriptions.values()):
            self._end(subscription)
        self.listeners.pop(listener, None)
        self._held_up.pop(listener, None)

    # --------------------------------------------------------------------------------- subscriptions

    async def subscribe(self, listener: Listener, key: Key, after: int | None) -> None:
        """Begin a channel, anew where the listener has it: by a snapshot, or after an event."""
        self.unsubscribe(listener, key)
        limit = self._settings.stream_subscriptions_limit
        if len(listener.subscriptions) >= limit:
            raise Refused(
                "too_many_subscriptions", f"A connection has at most {limit} channels. Unsubscribe from one."
            )
        if after is not None and after > self._venue.sequencer.published:
            after = None  # of another venue, or made up
        subscription = self._begin(listener, self._channel(key), after)
        if self._is_answered(subscription):
            return
        if key.account and after is not None:
            subscription.orders = set()
            missed = await self._orders_since(key.account, after)
            subscription.orders = joined(subscription.orders, missed, self._settings.stream_rows_limit)
        if subscription.number == WAITS:
            subscription.channel.waiting.append(subscription)
            self.is_asked.set()

    def _begin(self, listener: Listener, channel: Channel, after: int | None) -> Subscription:
        subscription = Subscription(listener, channel, after)
        listener.subscriptions[channel.key.place] = subscription
        channel.subscriptions[subscription] = None
        channel.unused_since = None
        return subscription

    def unsubscribe(self, listener: Listener, key: Key) -> None:
        """End a channel of a listener, if it has it."""
        if (subscription := listener.subscriptions.get(key.place)) is not None:
            self._end(subscription)

    def _end(self, subscription: Subscription) -> None:
        channel = subscription.channel
        subscription.number = ENDED
        del subscription.listener.subscriptions[channel.key.place]
        channel.subscriptions.pop(subscription, None)
        self.stale.pop(subscription, None)
        if not channel.subscriptions:
            channel.unused_since = time.monotonic()

    def _channel(self, key: Key) -> Channel:
        channel = self.channels.get(key)
        if channel is None:
            if len(self.channels) >= self._settings.stream_channels_limit:
                self.drop_unused(0)
            if len(self.channels) >= self._settings.stream_channels_limit:
                raise Refused(
                    "too_many_streams", "The venue tells of as many things as it can. Try again in a moment."
                )
            channel = self.channels[key] = Channel(key, self._source(key), self._settings)
            channel.complete_from = self._venue.sequencer.published
            self._watch()
        return channel

    def _source(self, key: Key) -> Source[Any]:
        rows_limit = self._settings.stream_rows_limit
        if key.kind == "prices":
            return PricesSource()
        if key.kind == "depth":
            return DepthSource(key.stock, key.levels)
        if key.kind == "trades":
            return TradesSource(key.stock, rows_limit)
        if key.kind == "candles":
            assert key.interval is not None
            return CandlesSource(key.stock, key.interval)
        return AccountSource(key.account, rows_limit)

    def drop_unused(self, for_s: float) -> None:
        """Forget channels that nobody has had for a while."""
        before = time.monotonic() - for_s
        unused = [
            key
            for key, channel in self.channels.items()
            if channel.unused_since is not None and channel.unused_since <= before
        ]
        for key in unused:
            del self.channels[key]
        if unused:
            self._watch()

    def _watch(self) -> None:
        accounts = [key.account for key in self.channels if key.account]
        self.touched.watch(accounts if self.channels else None)

    # --------------------------------------------------------------------------------------- resuming

    def _is_answered(self, subscription: Subscription) -> bool:
        """Answer from what the channel keeps, if that is all there is by now."""
        channel, after = subscription.channel, subscription.after
        if channel.number < 0 or self.position < self._venue.sequencer.published:
            return False
        if after is not None:
            return after <= self.position and self._give_missed(subscription, after)
        if channel.source.shows_state:
            self.give(subscription, channel.snapshot())
            return True
        return False

    def _give_missed(self, subscription: Subscription, after: int) -> bool:
        missed = subscription.channel.since(after)
        if missed is None:
            return False
        subscription.number = subscription.channel.number
        for message in missed:
            self.give(subscription, message)
        return True

    async def _orders_since(self, account: int, after: int) -> set[int] | None:
        """Return the orders that events after ``after`` have named; None where that is too long ago."""
        sequencer = self._venue.sequencer
        history = History(self._venue.journal, account, self._settings.stream_resume_limit)
        orders: set[int] | None = set()
        goal = sequencer.batches
        try:
            batch = await history.batch_of(after, sequencer.published)
        except (Conflict, NotFound):
            return None
        while batch < goal and (missed := await history.after(batch)):
            for each in missed:
                orders = joined(orders, named_orders(each.events), self._settings.stream_rows_limit)
            batch = missed[-1].batch
        return orders

    # ------------------------------------------------------------------------------------- one round

    def due(self, work: Work) -> Iterator[Channel]:
        """Yield the channels of which something may have changed, or that somebody waits for."""
        for channel in self.channels.values():
            key = channel.key
            if (
                channel.waiting
                or channel.complete_from > self.position
                or (key.stock in work.stocks if key.stock else bool(work.stocks) and not key.account)
                or (key.account and self._is_account_due(channel, work))
            ):
                yield channel

    def _is_account_due(self, channel: Channel, work: Work) -> bool:
        account = channel.key.account
        if account in work.orders:
            for each in channel.subscriptions:
                if each.number == WAITS and each.after is not None:
                    each.orders = joined(each.orders, work.orders[account], self._settings.stream_rows_limit)
            return True
        return channel.state is not None and not work.stocks.isdisjoint(channel.state.rows)

    async def publish(self, position: int, looks: list[Look]) -> None:
        """Give every subscription what a round has found."""
        self.position = position
        found = [(look, look.channel.take(look)) for look in looks if self._is_there(look)]
        for look, message in found:
            if message is not None:
                await self._deliver(look.channel, message)
            self._answer(look)
        for listener in tuple(self._held_up):
            listener.flush(position)

    def _is_there(self, look: Look) -> bool:
        """Return whether there is such a thing; tell those who wait for it where there is not."""
        if not isinstance(look.reading, Exception):
            return True
        for subscription in tuple(look.channel.subscriptions):
            subscription.listener.tell(look.reading, look.channel.key)
            self._end(subscription)
        self.channels.pop(look.channel.key, None)
        self._watch()
        return False

    async def _deliver(self, channel: Channel, message: Message) -> None:
        """Give a message to all who have the one before it; in a snapshot's place, to all who have any."""
        previous = message.previous
        for count, subscription in enumerate(tuple(channel.subscriptions), 1):
            number = subscription.number
            if number == previous or (previous is None and 0 <= number < message.number):
                self.give(subscription, message)
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)

    def _answer(self, look: Look) -> None:
        """Answer those who have waited for this round; who resumes after what is not there yet waits on."""
        channel = look.channel
        waiting, channel.waiting = channel.waiting, []
        for subscription in waiting:
            after = subscription.after
            if subscription.number != WAITS:
                continue
            message = look.answers.get(subscription)
            if message is not None and message.previous is not None:
                self.give(subscription, message)
            elif after is not None and after <= self.position and self._give_missed(subscription, after):
                continue  # what others were told meanwhile says more than a snapshot
            elif message is not None:
                self.give(subscription, message)
            elif after is not None and after > self.position:
                channel.waiting.append(subscription)
            elif channel.source.shows_state:
                self.give(subscription, channel.snapshot())
            else:
                channel.waiting.append(subscription)

    def give(self, subscription: Subscription, message: Message) -> None:
        """Give a message to one reader, if it reads."""
        listener, settings = subscription.listener, self._settings
        is_private = subscription.channel.key.account > 0
        unsent = listener.unsent
        if is_private and unsent > settings.stream_private_buffer_limit:
            listener.end(
                Refused(
                    "too_slow", "You do not read as fast as your account changes. Connect again, and read."
                )
            )
        elif not is_private and unsent > settings.stream_buffer_limit:
            subscription.number = STALE
            self.stale[subscription] = None
        else:
            listener.send(message)
            subscription.number = message.number
            if subscription.wants_checksum:
                self._send_checksum(subscription)

    def refresh_stale(self) -> None:
        """Give a snapshot to those who had fallen behind and have read."""
        half = self._settings.stream_buffer_limit // 2
        for subscription in tuple(self.stale):
            if subscription.listener.unsent <= half:
                del self.stale[subscription]
                self.give(subscription, subscription.channel.snapshot())
                subscription.listener.flush(self.position)

    # ------------------------------------------------------------------------------------- checksums

    def checksum(self, listener: Listener, stock: int) -> None:
        """Send the checksum of a book, as soon as the listener has the book that it is of."""
        subscription = listener.subscriptions.get(Key("depth", stock).place)
        if subscription is None:
            raise InvalidRequest(
                f"A checksum is of a depth channel that you have. Subscribe to depth of stock {stock} first."
            )
        subscription.wants_checksum = True
        self._send_checksum(subscription)

    def _send_checksum(self, subscription: Subscription) -> None:
        channel = subscription.channel
        if subscription.number != channel.number or channel.number < 0:
            return
        subscription.wants_checksum = False
        body = Checksum(
            stock=str(channel.key.stock), number=channel.number, checksum=checksum_of(channel.state)
        )
        subscription.listener.send(Message("checksum", body))


def checksum_of(depth: Depth) -> str:
    """Return the CRC-32 of the top ten levels: ``price:quantity`` of bids, then of asks, best first."""
    levels = [*depth.bids[:CHECKSUM_LEVELS], *depth.asks[:CHECKSUM_LEVELS]]
    text = "|".join(f"{money.show(level.price)}:{level.quantity}" for level in levels)
    return f"{zlib.crc32(text.encode()):08x}"
