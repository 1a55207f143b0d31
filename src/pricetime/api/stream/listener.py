"""A listener: one connection, whose it is, and the channels that it has."""

from __future__ import annotations

from typing import Any, Final

from pricetime.api.feed.socket import closing
from pricetime.api.problems import answer_to, problem_of
from pricetime.api.stream import messages
from pricetime.api.stream.channel import STALE, WAITS, Subscription
from pricetime.api.stream.messages import Key, Message
from pricetime.api.stream.outlets import Outlet
from pricetime.schema import ServerShutdown

CLOSE_CODES: Final = {
    "bad_message": 4400,
    "token_invalid": 4401,
    "too_slow": 4408,
    "message_too_large": 1009,
    "too_many_streams": 1013,
}
STOPPED: Final = 1012
_SHUTDOWN: Final = "The venue stops. Connect again in a moment and resume after the numbers you have."


class Listener:
    """A connection. ``token`` is that of the session whose account it is, if it has said one."""

    __slots__ = ("_outlet", "account", "address", "has_ended", "subscriptions", "token")

    def __init__(self, outlet: Outlet, address: str) -> None:
        self._outlet = outlet
        self.address = address
        self.account = 0
        self.token = ""
        self.subscriptions: dict[tuple[Any, ...], Subscription] = {}
        """By what tells channels apart in the client's words."""
        self.has_ended = False

    @property
    def holds(self) -> bool:
        """Whether what is sent leaves only with ``flush``."""
        return self._outlet.holds

    @property
    def unsent(self) -> int:
        """Bytes that the client has not taken."""
        return self._outlet.unsent

    def send(self, message: Message) -> None:
        """Send a message, however much waits."""
        self._outlet.send(message)

    def flush(self, position: int) -> None:
        """Let what was sent leave, which is all there is up to an event, unless a channel lacks something."""
        lacking = any(each.number in (WAITS, STALE) for each in self.subscriptions.values())
        self._outlet.flush(None if lacking or position < 0 else position)

    def tell(self, error: Exception, key: Key | None = None) -> None:
        """Say what is wrong."""
        self.send(messages.problem(problem_of(answer_to(error)), key))

    def end(self, error: Exception) -> None:
        """Say why, and end the connection."""
        if not self.has_ended:
            self.has_ended = True
            self.tell(error)
            self._outlet.end(*closing(error, CLOSE_CODES))

    def stop(self) -> None:
        """Say that the venue stops, and end the connection."""
        if not self.has_ended:
            self.has_ended = True
            self.send(Message("server_shutdown", ServerShutdown(detail=_SHUTDOWN)))
            self._outlet.end(STOPPED, "The venue stops.")
