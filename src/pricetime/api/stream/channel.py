"""One channel: what was last told of it, the updates of a little while, and who gets them.

::

    state at event 7 ──[update, previous 7, number 12]──> state at event 12 ──…
                          └─ kept, so that who knows 7 resumes

Invariants: between two messages of a channel nothing of it has changed, so who has the message before
``number`` and is told that nothing was missed has the channel as it stands. A subscription is given a
message only where it has the one before it; the bytes are the same for all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from pricetime.api.stream import messages
from pricetime.api.stream.messages import Key, Message
from pricetime.api.stream.moment import Moment
from pricetime.api.stream.sources import Reading, Source
from pricetime.errors import RequestError
from pricetime.settings import Settings

if TYPE_CHECKING:
    from pricetime.api.stream.listener import Listener

WAITS: Final = -1
"""The number of a subscription that has been told nothing yet."""
STALE: Final = -2
"""Its reader was too slow; it waits for a snapshot."""
ENDED: Final = -3


class Subscription:
    """One listener's part in a channel. ``number`` is of the last message given, or a state from above."""

    __slots__ = ("after", "channel", "listener", "number", "orders", "wants_checksum")

    def __init__(self, listener: Listener, channel: Channel, after: int | None) -> None:
        self.listener = listener
        self.channel = channel
        self.after = after
        self.number = WAITS
        self.orders: set[int] | None = None
        """Of an account, the orders that events since ``after`` have named; None: they are not known."""
        self.wants_checksum = False


class Channel:
    """A channel and its subscriptions, for the loop; ``look`` alone runs in the pacer's thread."""

    def __init__(self, key: Key, source: Source[Any], settings: Settings) -> None:
        self.key = key
        self.source = source
        self.number = -1
        """Of the last message; -1 before there is any."""
        self.state: Any = None
        self.subscriptions: dict[Subscription, None] = {}
        self.waiting: list[Subscription] = []
        """Those that the next round answers."""
        self.unused_since: float | None = None
        self.complete_from = 0
        """The event from which on it is noted what touches the channel; before, all of it is read anew."""
        self._snapshot: Message | None = None
        self._kept: deque[Message] = deque()
        self._kept_bytes = 0
        self._keep = settings.stream_updates_kept
        self._keep_bytes = settings.stream_bytes_kept

    # ----------------------------------------------------------------------------- in the pacer's thread

    def look(self, moment: Moment, waiting: Iterable[Subscription], *, anew: bool) -> Look:
        """Read what has changed, and answer those that wait. Nothing of the channel is altered."""
        try:
            reading = self.source.read(moment, None if anew else self.state)
        except RequestError as error:
            return Look(self, moment, error, waiting)
        return Look(self, moment, reading._replace(is_cut=True) if anew else reading, waiting)

    # --------------------------------------------------------------------------------------- on the loop

    def take(self, look: Look) -> Message | None:
        """Take what a round has found, and return the message for all who have the one before it."""
        assert not isinstance(look.reading, Exception)
        if look.reading.state is not self.state:
            self.state, self._snapshot = look.reading.state, None
        self.number = look.number
        message = look.message
        if message is not None:
            self._keep_message(message)
        return message

    def _keep_message(self, message: Message) -> None:
        if message.previous is None:
            self._kept.clear()
            self._kept_bytes = 0
        self._kept.append(message)
        self._kept_bytes += len(message.frame)
        while len(self._kept) > self._keep or self._kept_bytes > self._keep_bytes:
            self._kept_bytes -= len(self._kept.popleft().frame)

    def snapshot(self) -> Message:
        """Return the channel as it stands."""
        if self._snapshot is None:
            data = self.source.whole(None, self.state)
            self._snapshot = messages.snapshot(self.key, self.number, data)
        return self._snapshot

    def since(self, after: int) -> list[Message] | None:
        """Return the messages after event ``after``; None where not all of them are kept."""
        missed = [message for message in self._kept if message.number > after]
        if not missed:
            return [] if 0 <= self.number <= after else None
        first = missed[0]
        return missed if first.previous is None or first.previous <= after else None


class Look:
    """What one round has found of a channel: the state, a message for all, and answers to those who wait."""

    __slots__ = ("answers", "channel", "message", "number", "reading")

    def __init__(
        self,
        channel: Channel,
        moment: Moment,
        reading: Reading[Any] | RequestError,
        waiting: Iterable[Subscription],
    ) -> None:
        self.channel = channel
        self.reading = reading
        self.message: Message | None = None
        self.answers: dict[Subscription, Message] = {}
        self.number = channel.number
        if isinstance(reading, Reading):
            self._tell(moment, reading)
            for subscription in waiting:
                self._answer(moment, reading, subscription)

    def _tell(self, moment: Moment, reading: Reading[Any]) -> None:
        channel, position = self.channel, moment.position
        if channel.number < 0:
            self.number = position
        elif reading.is_cut:
            self.number = position
            whole = channel.source.whole(moment, reading.state)
            self.message = messages.snapshot(channel.key, position, whole)
        elif reading.change is not None:
            self.number = position
            self.message = messages.update(channel.key, position, channel.number, reading.change)

    def _answer(self, moment: Moment, reading: Reading[Any], subscription: Subscription) -> None:
        """Answer what needs the views: other subscriptions are answered from the state, on the loop."""
        channel, after = self.channel, subscription.after
        data = None
        if after is not None and after <= self.number:
            data = channel.source.missed(moment, reading.state, after, subscription.orders)
        if data is not None:
            assert after is not None
            self.answers[subscription] = messages.update(channel.key, self.number, after, data)
        elif not channel.source.shows_state:
            whole = channel.source.whole(moment, reading.state)
            self.answers[subscription] = messages.snapshot(channel.key, self.number, whole)
