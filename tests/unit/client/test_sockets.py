"""Connections that a venue ends at once: its reason is heard, and nobody tries for ever."""

import asyncio
import threading
import time
from datetime import UTC, datetime

import msgspec
import pytest
from websockets.sync.server import serve

from pricetime.client import ApiError, AsyncClient, Client, NoAnswer, prices
from pricetime.client.feed_state import FeedState
from pricetime.client.stream_state import StreamState
from pricetime.schema import FeedProblem, Heartbeat, Problem, Session, StreamProblem, UserView

SESSION = Session("access", "refresh", 1_000_000)
USER = UserView("1", "somebody", "Somebody", "trader", datetime.now(UTC))
NO_ROOM = Problem("about:blank", "Full", 503, "There is no room.", "no_room", "1")
REFUSALS = {"stream": StreamProblem(problem=NO_ROOM), "feed": FeedProblem(problem=NO_ROOM)}


class Full:
    """A venue that closes every WebSocket as it is opened, after a word or without one."""

    def __init__(self):
        self.opened = 0
        self.last_words = None

    def answer(self, socket, request):
        """Answer what is no WebSocket: who the user is."""
        if "upgrade" in request.headers:
            return None
        return socket.respond(200, msgspec.json.encode(USER).decode())

    def handle(self, socket):
        self.opened += 1
        if self.last_words is not None:
            socket.send(msgspec.json.encode(self.last_words).decode())
        socket.close(1013, "try again later")


@pytest.fixture
def full():
    venue = Full()
    with serve(venue.handle, "127.0.0.1", 0, process_request=venue.answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        venue.url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        yield venue
        server.shutdown()
    thread.join()


@pytest.fixture(params=[0.0, 0.2], ids=["at_once", "late"])
def speaks(request, monkeypatch):
    """Let the first message of a connection leave at once, or when the venue has closed it already."""
    for state, name in ((StreamState, "opening"), (FeedState, "hello")):
        says = getattr(state, name)
        monkeypatch.setattr(state, name, lambda *given, says=says: time.sleep(request.param) or says(*given))


def receive(url, kind):
    """Open a stream or a feed, and return what it gives."""
    with Client(url, session=SESSION) as client:
        opened = client.stream(prices(), patience_s=1) if kind == "stream" else client.feed(patience_s=1)
        with opened:
            return opened.receive(10)


async def receive_async(url, kind):
    async with AsyncClient(url, session=SESSION) as client:
        opened = client.stream(prices(), patience_s=1) if kind == "stream" else client.feed(patience_s=1)
        async with asyncio.timeout(10), opened:
            return await opened.receive()


@pytest.mark.usefixtures("speaks")
@pytest.mark.parametrize("kind", ["stream", "feed"])
@pytest.mark.parametrize("is_async", [False, True], ids=["thread", "asyncio"])
def test_what_the_venue_said_is_heard(full, kind, is_async):
    full.last_words = REFUSALS[kind]
    with pytest.raises(ApiError) as refused:
        asyncio.run(receive_async(full.url, kind)) if is_async else receive(full.url, kind)
    assert (refused.value.code, refused.value.detail) == ("no_room", "There is no room.")


@pytest.mark.usefixtures("speaks")
@pytest.mark.parametrize("kind", ["stream", "feed"])
@pytest.mark.parametrize("is_async", [False, True], ids=["thread", "asyncio"])
def test_patience_ends_where_nothing_is_ever_said(full, kind, is_async):
    with pytest.raises(NoAnswer, match="try again later"):
        asyncio.run(receive_async(full.url, kind)) if is_async else receive(full.url, kind)
    assert 2 <= full.opened <= 100


def test_patience_begins_anew_when_the_venue_is_heard(full):
    full.last_words = Heartbeat(number=1, time=datetime.now(UTC), views_lag=0)
    with Client(full.url, session=SESSION) as client, client.stream(prices(), patience_s=0.5) as stream:
        began = time.monotonic()
        while time.monotonic() - began < 2:
            assert isinstance(stream.receive(10), Heartbeat)
