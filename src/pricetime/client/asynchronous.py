"""The client for asyncio programs: every method is a coroutine, lists are asynchronous iterators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self, TypeVar

import httpx2

from pricetime.client import transport
from pricetime.client.async_feed import AsyncFeed
from pricetime.client.async_stream import AsyncStream
from pricetime.client.conversation import Conversation, Outcome, Renew, Retry, Send, Step, Steps, Wait
from pricetime.client.methods import Methods
from pricetime.client.request import Request, at_cursor
from pricetime.client.stream_state import Channel
from pricetime.schema import Page, Session

T = TypeVar("T")


class AsyncClient(Methods):
    """A connection to one venue, for one user. Tasks may share it. Close it, or use it in ``async with``.

    The arguments are those of ``Client``.
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
        http: httpx2.AsyncClient | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._owns_http = http is None
        self.http = http or httpx2.AsyncClient(
            base_url=self.url,
            headers=transport.headers(),
            timeout=transport.timeouts(timeout_s),
            limits=transport.limits(connections),
        )
        self._conversation = Conversation(session, retry or Retry(), on_session, credentials)
        self._renewing = asyncio.Lock()

    @property
    def session(self) -> Session | None:
        """Return the session, if there is one."""
        return self._conversation.session

    async def send(self, request: Request[T]) -> T:
        """Return the answer to a request of ``pricetime.client.calls``; ApiError, NoAnswer, BadAnswer."""
        return await self._drive(self._conversation.about(request))

    async def every(self, request: Request[Page[T]]) -> AsyncIterator[T]:
        """Yield every item of a paged list, from the page that ``request`` asks for to the last."""
        while True:
            page = await self.send(request)
            for item in page.items:
                yield item
            if page.next_cursor is None:
                return
            request = at_cursor(request, page.next_cursor)

    def feed(self, stream: str = "", *, after: int | None = None, patience_s: float = 60.0) -> AsyncFeed:
        """Return a feed of the user, to be used in ``async with``: orders in bulk, events as they come.

        ``stream`` names it where an account has several; ``after`` is the ``position`` of an earlier one.
        """
        return AsyncFeed(self, stream, after, patience_s)

    def stream(self, *channels: Channel, patience_s: float = 60.0) -> AsyncStream:
        """Return a stream of channels (``pricetime.client.depth`` and the like), for ``async with``.

        Messages are snapshots, updates and heartbeats; a ``Picture`` puts them together.
        """
        return AsyncStream(self, channels, patience_s)

    async def live_token(self) -> str:
        """Return the token of the session, renewed where it has expired."""
        await self.me()
        session = self.session
        assert session is not None, "it has just been used"
        return session.access_token

    async def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            await self.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _drive(self, steps: Steps[T]) -> T:
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                answer: T = end.value
                return answer
            outcome = await self._perform(step)

    async def _perform(self, step: Step) -> Outcome:
        match step:
            case Send():
                return await self._sent(step)
            case Wait(seconds):
                await asyncio.sleep(seconds)
            case Renew(stale_token):
                async with self._renewing:
                    await self._drive(self._conversation.renewal(stale_token))
        return None

    async def _sent(self, step: Send) -> Outcome:
        try:
            response = await self.http.request(
                step.method, step.path, params=step.query, headers=step.headers, content=step.body
            )
        except httpx2.RequestError as error:
            return transport.failure_of(error, self.url)
        return transport.answer_of(response)
