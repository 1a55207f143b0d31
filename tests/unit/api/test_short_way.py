"""A request for one command is answered on the short way as on the long one, and as often: once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from tests.support.asgi import Answered, Asker, asker

from pricetime.api.commands import OneCommand
from pricetime.api.endpoints import Call, Endpoint, Reply, Scope
from pricetime.api.short import HEAD_BYTES_LIMIT, HEADS_LIMIT, Head
from pricetime.errors import InvalidRequest, JournalFailed, QueueFull
from pricetime.records import Command, Event, EventKind, Reason
from pricetime.records.commands import deposit
from pricetime.schema import Request

ACCEPTED = Event(kind=EventKind.ACCEPTED, amount=7).pack()
DENIED = Event(kind=EventKind.DENIED, reason=Reason.OFF_TICK).pack()


class Money(Request, frozen=True):
    amount: Annotated[int, msgspec.Meta(ge=1)]


class HeldSequencer:
    """Answers nobody until it is told to."""

    def __init__(self) -> None:
        self.on_batch: list[Any] = []
        self.waiting: list[Any] = []
        self.full = False

    def hand_in_for(self, answer: Any, commands: bytes, *, request: str) -> None:
        assert request
        if self.full:
            raise QueueFull(retry_after_s=3)
        assert len(commands) == 96
        self.waiting.append(answer)

    async def submit(self, commands: bytes, *, request: str) -> bytes:
        answer = asyncio.get_running_loop().create_future()
        self.hand_in_for(answer, commands, request=request)
        return await answer

    def tell(self, events: bytes | Exception) -> None:
        """As the sequencer does, whom everybody who still waits hears from."""
        waiting, self.waiting = self.waiting, []
        for answer in waiting:
            if answer.done():
                continue
            if isinstance(events, bytes):
                answer.set_result(events)
            else:
                answer.set_exception(events)


def pay(call: Call) -> Command | Reply:
    if call.body.amount == 13:
        raise InvalidRequest("Not thirteen.")
    if call.body.amount == 99:
        return Reply(body={"checked": True}, status=202, headers=(("Location", "/there"),))
    return deposit(call.account, call.body.amount)


def paid(call: Call, events: bytes) -> object:
    return {"paid": call.body.amount, "events": len(events) // 152, "key": call.idempotency_key is not None}


async def _looked_up(call: Call) -> object:
    if call.body.amount == 2:
        raise InvalidRequest("Not two.")
    if call.body.amount == 3:
        await asyncio.Event().wait()
    return {"looked_up": call.body.amount}


def look_up(call: Call, events: bytes) -> object:
    return _looked_up(call)


def row(path: str, tell: Any = paid, **more: Any) -> Endpoint:
    more = {"family": "v1", "scope": Scope.TRADER, "request": Money, "response": dict, "status": 201} | more
    return Endpoint(method="POST", path=path, handler=OneCommand(pay, tell), summary="A test", **more)


ROWS = [
    row("/v1/pay", idempotent=True),
    row("/v1/look", look_up),
    row("/engine/pay", family="daytrade"),
    row("/v1/admin", scope=Scope.ADMIN),
    row("/v1/of/{order}"),
]


class Venue:
    """An application whose sequencer is in the test's hands, asked on either way."""

    def __init__(self, ask: Asker, token: str) -> None:
        self.ask = ask
        self.token = token
        self.way = ask.app.short_way
        self.sequencer = HeldSequencer()
        self.way.venue.sequencer = self.sequencer  # type: ignore[assignment]

    def headers(self, **more: str) -> dict[str, str]:
        return {"token": self.token} | {name.replace("_", "-"): value for name, value in more.items()}

    def send(self, path: str, body: bytes, headers: dict[str, str]) -> list[Answered]:
        """Send a request on the short way; the list gets its answer, whenever that comes."""
        head = head_of(path, headers)
        assert self.way.knows(head)
        answers: list[Answered] = []

        def answer(status: int, lines: bytes, content: bytes) -> None:
            pairs = [line.split(": ", 1) for line in lines.decode().split("\r\n")[:-1]]
            answers.append(Answered(status, dict(pairs), content))

        self.way.take(head, body, ("203.0.113.7", 50_000), answer)
        return answers

    async def ask_long(
        self, path: str, body: bytes, headers: dict[str, str], events: bytes | Exception
    ) -> Answered:
        task = asyncio.create_task(self.ask("POST", path, body, headers=headers))
        await asyncio.sleep(0)
        self.sequencer.tell(events)
        return await task


def head_of(path: str, headers: dict[str, str], **more: Any) -> Head:
    given: dict[str, Any] = {"method": "POST", "query": b"", "version": "1.1", "keep_alive": True} | more
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Head(path=path, raw_path=path.encode(), headers=lines, **given)


@asynccontextmanager
async def served(tmp_path: Path, **chosen: Any) -> AsyncIterator[Venue]:
    async with asker(tmp_path, ROWS, **({"rate_limits": False} | chosen)) as ask:
        yield Venue(ask, await ask.token())


@pytest.fixture
async def venue(tmp_path: Path) -> AsyncIterator[Venue]:
    async with served(tmp_path) as serving:
        yield serving


def same(answer: Answered) -> tuple[int, dict[str, str], bytes]:
    """What of an answer must not depend on the way."""
    request_id = answer.headers["x-request-id"]
    headers = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    return answer.status, headers, answer.body.replace(request_id.encode(), b"ID")


@pytest.mark.parametrize(
    ("path", "body", "headers", "events", "status"),
    [
        ("/v1/pay", b'{"amount": 7}', {}, ACCEPTED, 201),
        ("/v1/pay", b'{"amount": 7}', {"Idempotency-Key": "once"}, ACCEPTED, 201),
        ("/v1/pay", b'{"amount": 7}', {"Idempotency-Key": "two words"}, ACCEPTED, 400),
        ("/v1/pay", b'{"amount": 7}', {}, DENIED, 422),
        ("/engine/pay", b'{"amount": 7}', {}, DENIED, 400),
        ("/v1/pay", b'{"amount": 7}', {}, JournalFailed(), 503),
        ("/v1/pay", b'{"amount": 7}', {}, KeyError("a secret of the inside"), 500),
        ("/v1/pay", b'{"amount": 13}', {}, ACCEPTED, 400),
        ("/v1/pay", b'{"amount": 99}', {}, ACCEPTED, 202),
        ("/v1/pay", b'{"amount": 0}', {}, ACCEPTED, 400),
        ("/v1/pay", b'{"amount"', {}, ACCEPTED, 400),
        ("/v1/pay", b"", {}, ACCEPTED, 400),
        ("/v1/pay", b" " * 2_000_000, {}, ACCEPTED, 413),
        ("/v1/pay", b'{"amount": 7}', {"token": "none"}, ACCEPTED, 401),
        ("/v1/admin", b'{"amount": 7}', {}, ACCEPTED, 403),
        ("/v1/look", b'{"amount": 1}', {}, ACCEPTED, 201),
        ("/v1/look", b'{"amount": 2}', {}, ACCEPTED, 400),
    ],
)
async def test_both_ways_answer_alike(
    venue: Venue, path: str, body: bytes, headers: dict[str, str], events: Any, status: int
):
    sent = venue.headers() | headers
    long = await venue.ask_long(path, body, sent, events)
    short = venue.send(path, body, sent)
    venue.sequencer.tell(events)
    await asyncio.sleep(0)
    assert [same(answer) for answer in short] == [same(long)]
    assert long.status == status


async def test_the_id_that_a_proxy_gave_is_the_answer_s(venue: Venue):
    (answer,) = venue.send("/v1/pay", b'{"amount": 13}', venue.headers(X_Request_Id="of-the-proxy"))
    assert answer.headers["x-request-id"] == answer.json["request_id"] == "of-the-proxy"


async def test_rates_are_charged_on_both_ways(tmp_path: Path):
    async with served(tmp_path, rate_limits=True, rate_account_burst=2, rate_account_per_s=1) as venue:
        first = venue.send("/v1/pay", b'{"amount": 7}', venue.headers())
        venue.sequencer.tell(ACCEPTED)
        second = await venue.ask_long("/v1/pay", b'{"amount": 7}', venue.headers(), ACCEPTED)
        (third,) = venue.send("/v1/pay", b'{"amount": 7}', venue.headers())
    assert first[0].headers["ratelimit-remaining"] == "1"
    assert second.headers["ratelimit-remaining"] == "0"
    assert (third.status, third.json["code"]) == (429, "rate_limited")


async def test_a_full_queue_says_when_to_come_back(venue: Venue):
    venue.sequencer.full = True
    (answer,) = venue.send("/v1/pay", b'{"amount": 7}', venue.headers())
    assert (answer.status, answer.headers["retry-after"]) == (503, "3")


async def test_nothing_is_answered_before_the_sequencer_tells(venue: Venue):
    answers = venue.send("/v1/pay", b'{"amount": 7}', venue.headers())
    await asyncio.sleep(0.01)
    assert answers == []
    assert len(venue.way.deadlines) == 1
    venue.sequencer.tell(ACCEPTED)
    assert [answer.status for answer in answers] == [201]
    assert len(venue.way.deadlines) == 0


@pytest.mark.parametrize(("path", "told_before"), [("/v1/pay", False), ("/v1/look", True)])
async def test_what_takes_too_long_is_answered_once(tmp_path: Path, path: str, told_before: bool):
    async with served(tmp_path, request_timeout_s=1) as venue:
        answers = venue.send(path, b'{"amount": 3}', venue.headers())
        if told_before:
            venue.sequencer.tell(ACCEPTED)  # what takes long is the look-up behind it
        async with asyncio.timeout(5):
            while not answers:
                await asyncio.sleep(0.02)
        venue.sequencer.tell(ACCEPTED)
        await asyncio.sleep(0.02)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(504, "request_timeout")]
    assert not any("_reply_later" in repr(task) for task in tasks)
    assert len(venue.way.deadlines) == 0


@pytest.mark.parametrize("name", ["Origin", "Expect", "Content-Encoding", "Transfer-Encoding", "Upgrade"])
async def test_unusual_requests_take_the_long_way(venue: Venue, name: str):
    assert not venue.way.knows(head_of("/v1/pay", {name: "x"}))


@pytest.mark.parametrize(
    "other", [{"path": "/v1/of/1"}, {"path": "/v1/none"}, {"method": "GET"}, {"query": b"x=1"}]
)
async def test_other_endpoints_methods_and_queries_take_the_long_way(venue: Venue, other: dict[str, Any]):
    path = other.pop("path", "/v1/pay")
    assert not venue.way.knows(head_of(path, {}, **other))


async def test_heads_are_remembered_up_to_a_limit(venue: Venue):
    for number in range(HEADS_LIMIT + 5):
        venue.way.remember(b"head %d" % number, head_of("/v1/pay", {}), 7)
    assert len(venue.way.heads) == HEADS_LIMIT
    assert venue.way.heads[b"head %d" % (HEADS_LIMIT + 4)].length == 7
    assert b"head 0" not in venue.way.heads


@pytest.mark.parametrize("name", ["Idempotency-Key", "X-Request-Id"])
async def test_long_heads_and_those_of_one_request_are_not_remembered(venue: Venue, name: str):
    venue.way.remember(b"x" * (HEAD_BYTES_LIMIT + 1), head_of("/v1/pay", {}), 7)
    keyed = head_of("/v1/pay", {name: "once"})
    assert venue.way.knows(keyed)
    venue.way.remember(b"x", keyed, 7)
    assert venue.way.heads == {}
