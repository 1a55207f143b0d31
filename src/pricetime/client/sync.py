"""The client for programs that wait: every method blocks until its answer is here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from pricetime.client import transport
from pricetime.client.conversation import Conversation, Outcome, Renew, Retry, Send, Step, Steps, Wait
from pricetime.client.feed import Feed
from pricetime.client.methods import Methods
from pricetime.client.request import Request, at_cursor
from pricetime.client.stream import Stream
from pricetime.client.stream_state import Channel
from pricetime.schema import Page, Session

T = TypeVar("T")


class Client(Methods):
    """A connection to one venue, for one user. Threads may share it. Close it, or use it in ``with``.

    ``session`` continues an earlier session; ``on_session`` is told each new one (None: logged out), for
    whoever keeps it. With ``credentials`` (user name, password) a session that cannot be renewed is
    replaced by a new one. ``http`` lets several clients share one pool of connections; its owner closes it.
    """

    def __init__(
        self,
        url: str = transport.DEFAULT_URL,
        *,
        session: Session | None = None,
        on_session: Callable[[Session | None], None] | None = None,
        credentials: tuple[str, str] | None = None,
        timeout_s: float = transport.DEFAULT_TIMEOUT_S,
        retry: Retry | None = None,
        connections: int = 20,
        http: httpx2.Client | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._owns_http = http is None
        self.http = http or httpx2.Client(
            base_url=self.url,
            headers=transport.headers(),
            timeout=transport.timeouts(timeout_s),
            limits=transport.limits(connections),
        )
        self._conversation = Conversation(session, retry or Retry(), on_session, credentials)
        self._renewing = threading.Lock()

    @property
    def session(self) -> Session | None:
        """Return the session, if there is one."""
        return self._conversation.session

    def send(self, request: Request[T]) -> T:
        """Return the answer to a request of ``pricetime.client.calls``; ApiError, NoAnswer, BadAnswer."""
        return self._drive(self._conversation.about(request))

    def every(self, request: Request[Page[T]]) -> Iterator[T]:
        """Yield every item of a paged list, from the page that ``request`` asks for to the last."""
        while True:
            page = self.send(request)
            yield from page.items
            if page.next_cursor is None:
                return
            request = at_cursor(request, page.next_cursor)

    def feed(self, stream: str = "", *, after: int | None = None, patience_s: float = 60.0) -> Feed:
        """Return a feed of the user, to be used in ``with``: orders in bulk, events as they come.

        ``stream`` names it where an account has several; ``after`` is the ``position`` of an earlier one.
        """
        return Feed(self, stream, after, patience_s)

    def stream(self, *channels: Channel, patience_s: float = 60.0) -> Stream:
        """Return a stream of channels (``pricetime.client.depth`` and the like), for ``with``.

        Messages are snapshots, updates and heartbeats; a ``Picture`` puts them together.
        """
        return Stream(self, channels, patience_s)

    def live_token(self) -> str:
        """Return the token of the session, renewed where it has expired."""
        self.me()
        session = self.session
        assert session is not None, "it has just been used"
        return session.access_token

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _drive(self, steps: Steps[T]) -> T:
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            outcome = self._perform(step)

    def _perform(self, step: Step) -> Outcome:
        match step:
            case Send():
                return self._sent(step)
            case Wait(seconds):
                time.sleep(seconds)
            case Renew(stale_token):
                with self._renewing:
                    self._drive(self._conversation.renewal(stale_token))
        return None

    def _sent(self, step: Send) -> Outcome:
        try:
            response = self.http.request(
                step.method, step.path, params=step.query, headers=step.headers, content=step.body
            )
        except httpx2.RequestError as error:
            return transport.failure_of(error, self.url)
        return transport.answer_of(response)
