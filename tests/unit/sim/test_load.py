"""The load generator: its arithmetic, its connection, and what it makes of bad answers."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from pricetime.client import NoAnswer
from pricetime.sim.latency import Recorder
from pricetime.sim.load import Failed, LoadFailed, Plan, User, load
from pricetime.sim.wire import Address, Wire


def test_percentiles_are_those_of_all_latencies():
    recorder = Recorder()
    for number in range(1, 1_001):
        recorder.add("order", number / 1_000)
    [order, everything] = recorder.rows()
    assert (order.requests, order.p50_ms, order.max_ms) == (1_000, 500.5, 1_000.0)
    assert order.mean_ms == 500.5
    assert (order.p90_ms, order.p99_ms, order.p999_ms) == (900.1, 990.01, 999.001)
    assert everything.name == "all"
    assert everything.p99_ms == order.p99_ms


def test_a_step_that_only_failed_has_a_row_too():
    recorder = Recorder()
    recorder.fail("login", "status 503")
    assert [(row.name, row.requests, row.errors) for row in recorder.rows()] == [
        ("login", 0, 1),
        ("all", 0, 1),
    ]
    assert dict(recorder.failures) == {"login: status 503": 1}


class Peer(asyncio.Protocol):
    """Answers each request with the next raw answer, then hangs up."""

    def __init__(self, answers, seen):
        self._answers = iter(answers)
        self._seen = seen

    def connection_made(self, transport):
        self._transport = transport

    def data_received(self, data):
        self._seen.append(data)
        self._transport.write(next(self._answers))
        if (left := next(self._answers, None)) is None:
            self._transport.close()
        else:
            self._answers = iter([left, *self._answers])


@asynccontextmanager
async def answering(*answers):
    """Serve each connection these raw answers in turn, one a request."""
    seen = []
    server = await asyncio.get_running_loop().create_server(lambda: Peer(answers, seen), "127.0.0.1", 0)
    async with server:
        yield Address(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base"), seen


def http(body, status=200, extra=b""):
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n%s\r\n%s" % (status, len(body), extra, body)


async def test_a_connection_is_kept_from_request_to_request_and_opened_again_when_closed():
    async with answering(http(b"one"), http(b"two", 404, b"connection: close\r\n")) as (address, seen):
        wire = Wire(address)
        first = await wire.exchange("POST", "/a", b"{}", b"token: t\r\n", timeout_s=5)
        second = await wire.exchange("GET", "/b", timeout_s=5)
        third = await wire.exchange("GET", "/c", timeout_s=5)
        wire.close()
    assert (first, second, third) == ((200, b"one"), (404, b"two"), (200, b"one"))
    assert seen[0].startswith(b"POST /base/a HTTP/1.1\r\nhost: 127.0.0.1:")
    assert seen[0].endswith(b"token: t\r\n\r\n{}")


async def test_a_chunked_answer_is_put_together():
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    async with answering(chunked) as (address, _):
        assert await Wire(address).exchange("GET", "/", timeout_s=5) == (200, b"abcde")


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", b"SSH-2.0-x\r\n"]
)
async def test_half_an_answer_or_none_is_no_answer(answer):
    async with answering(answer) as (address, _):
        with pytest.raises(NoAnswer):
            await Wire(address).exchange("GET", "/", timeout_s=5)


async def test_an_answer_in_pieces_is_put_together():
    async with answering(http(b"12345")[:-3], b"345", http(b"next")) as (address, seen):
        wire = Wire(address)
        first = asyncio.ensure_future(wire.exchange("GET", "/", timeout_s=5))
        async with asyncio.timeout(5):
            while not seen:
                await asyncio.sleep(0)
        wire._transport.write(b"go on")  # makes the peer send its next piece
        assert await first == (200, b"12345")
        assert await wire.exchange("GET", "/", timeout_s=5) == (200, b"next")
        wire.close()


async def test_the_time_of_each_request_counts_from_its_own_beginning():
    async with answering(http(b"one"), http(b"two"), b"HTTP/1.1 200 OK\r\n", b"never") as (address, _):
        wire = Wire(address)
        for expected in (b"one", b"two"):
            assert await wire.exchange("GET", "/", timeout_s=0.1) == (200, expected)
        started = time.perf_counter()
        with pytest.raises(NoAnswer, match=r"within 0\.3 s"):
            await wire.exchange("GET", "/", timeout_s=0.3)
        assert time.perf_counter() - started >= 0.29


async def test_an_answer_that_never_comes_ends_with_the_timeout():
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", b"never") as (address, _):
        with pytest.raises(NoAnswer, match=r"within 0\.05 s"):
            await Wire(address).exchange("GET", "/", timeout_s=0.05)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (http(b'{"success": false, "data": {"error": "No."}}', 400), "status 400: No."),
        (http(b'{"success": false, "data": {"error": "No."}}'), "status 200: No."),
        (http(b"<html>"), "status 200 without a daytrade answer"),
    ],
)
async def test_an_answer_that_is_no_success_is_counted_as_an_error(answer, sentence):
    recorder = Recorder()
    async with answering(answer) as (address, _):
        with pytest.raises(Failed):
            await User("ada", address, recorder, 5).register()
    assert dict(recorder.failures) == {f"register: {sentence}": 1}
    assert recorder.requests == 1


async def test_a_latency_counts_from_when_the_request_was_due():
    recorder = Recorder()
    async with answering(http(b'{"success": true, "data": null}')) as (address, _):
        user = User("ada", address, recorder, 5)
        user.due_at(time.perf_counter() - 3.0)
        await user.register()
    assert recorder.rows()[0].max_ms >= 3_000


@pytest.mark.parametrize("url", ["https://venue", "venue:80", "ftp://venue"])
def test_only_plain_http_can_be_loaded(url):
    with pytest.raises(LoadFailed, match="http://"):
        Address(url)


async def test_a_load_that_cannot_be_set_up_says_so():
    with pytest.raises(
        LoadFailed, match=r"could not be set up at http://127\.0\.0\.1:9: register: no connection"
    ):
        await load(Plan(url="http://127.0.0.1:9", users=1))
