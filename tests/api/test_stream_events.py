"""Streams as server-sent events: the same messages, resumed after ``Last-Event-ID``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx2
import pytest
from tests.support.member import Member, refused
from tests.support.server import Server, Venue


class Event(NamedTuple):
    """One event as a browser sees it."""

    id: str
    kind: str
    data: dict[str, Any]


@contextmanager
def events(
    url: str, channels: str, token: str = "", last: str = "", **query: Any
) -> Iterator[Iterator[Event]]:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    headers |= {"last-event-id": last} if last else {}
    with httpx2.stream(
        "GET", f"{url}/v1/stream/events", params={"channels": channels, **query}, headers=headers, timeout=20
    ) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "text/event-stream"
        yield read(answer.iter_lines())


def read(lines: Iterator[str]) -> Iterator[Event]:
    last, fields = "", dict[str, str]()
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            last = fields.get("id", last)
        else:
            yield Event(last, fields["event"], json.loads(fields["data"]))
            fields = {}


def test_events_are_the_messages_of_a_stream(server: Venue, stock: str, seller: Member):
    with events(server.url, f"depth:{stock},candles:{stock}:1m", levels=7) as stream:
        first, second = next(stream), next(stream)
        assert {first.data["channel"], second.data["channel"]} == {"depth", "candles"}
        assert (first.kind, first.data["type"]) == ("snapshot", "snapshot")
        seller.placed(stock, "sell", 10, "15.00")
        update = next(event for event in stream if event.kind == "update")
        assert update.data["data"]["asks"] == [{"price": "15.00", "quantity": 10, "orders": 1}]
        assert int(update.id) >= update.data["number"]


def test_who_comes_back_gets_what_was_missed_of_every_channel(
    server: Venue, stock: str, seller: Member, buyer: Member
):
    token = buyer.session["access_token"]
    channels = f"trades:{stock},account"
    with events(server.url, channels, token) as stream:
        last = [next(stream), next(stream)][-1].id
    seller.placed(stock, "sell", 2, "15.00")
    buyer.placed(stock, "buy", 2, "15.00")
    for how in ({"last": last}, {"after": last}):
        trades: list[Any] = []
        executions: list[Any] = []
        with events(server.url, channels, token, **how) as stream:
            while not (trades and executions):
                message = next(stream).data
                assert message["type"] == "update"
                if message["channel"] == "trades":
                    trades += message["data"]
                else:
                    executions += message["data"]["executions"]
        assert trades == buyer.get_v1(f"/stocks/{stock}/trades")["items"]
        assert executions == buyer.get_v1("/executions")["items"]


@pytest.mark.embedded  # in parts, a trade and what it changes are told one after the other
def test_of_messages_that_belong_together_only_the_last_is_resumed_after(
    server: Venue, stock: str, seller: Member, buyer: Member
):
    token = buyer.session["access_token"]
    with events(server.url, f"trades:{stock},account", token) as stream:
        begun = [next(stream), next(stream)][-1].id
        seller.placed(stock, "sell", 2, "15.00")
        buyer.placed(stock, "buy", 2, "15.00")
        updates = [next(event for event in stream if event.kind == "update") for _ in range(2)]
    assert [update.data["number"] for update in updates] == [updates[0].data["number"]] * 2
    assert [update.id for update in updates] == [begun, str(updates[1].data["number"])]


def test_a_stream_outlives_the_time_of_a_request(start_server: Callable[..., Server]):
    server = start_server(request_timeout_s=1, body_timeout_s=1, stream_heartbeat_s=1)
    with events(server.url, "prices") as stream:
        beats = [next(event for event in stream if event.kind == "heartbeat") for _ in range(4)]
    assert len(beats) == 4


def test_the_end_of_the_venue_is_announced_and_not_held_up(start_server: Callable[..., Server]):
    server = start_server()
    with events(server.url, "prices") as stream:
        next(stream)
        assert server.stop() == 0
        assert [event.kind for event in stream][-1] == "server_shutdown"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("channels=weather", (400, "invalid_request")),
        ("channels=depth", (400, "invalid_request")),
        ("channels=candles:1:9m", (400, "invalid_request")),
        ("channels=", (400, "invalid_request")),
        ("", (400, "invalid_request")),
        ("channels=prices&after=soon", (400, "invalid_request")),
        ("channels=account", (401, "token_invalid")),
    ],
)
def test_what_cannot_be_had_is_refused_before_it_begins(server: Venue, query: str, answer: tuple[int, str]):
    assert refused(httpx2.get(f"{server.url}/v1/stream/events?{query}")) == answer


def test_a_last_event_that_is_none_is_refused(server: Venue):
    answer = httpx2.get(
        f"{server.url}/v1/stream/events?channels=prices", headers={"last-event-id": "yesterday"}
    )
    assert refused(answer) == (400, "invalid_request")


def test_a_stock_that_is_none_is_told_and_the_others_go_on(server: Venue):
    with events(server.url, "depth:987654321,prices") as stream:
        told = {next(stream).kind, next(stream).kind}
    assert told == {"problem", "snapshot"}
