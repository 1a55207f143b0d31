"""What a stream does with messages: it follows numbers, resumes after them, and begins anew at a gap."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pricetime.client import BadAnswer, NotFound, account, depth, prices
from pricetime.client.stream_state import StreamState
from pricetime.schema import Snapshot, Update


def message(kind: str, channel: str, number: int, data: Any, **more: Any) -> str:
    return json.dumps({"type": kind, "channel": channel, "number": number, "data": data, **more})


def sent(texts: list[str]) -> list[dict[str, Any]]:
    """What was sent, without what is left out."""
    return [{name: value for name, value in json.loads(text).items() if value is not None} for text in texts]


@pytest.fixture
def state() -> StreamState:
    opened = StreamState((prices(),))
    opened.opening(None)
    return opened


def test_a_connection_begins_with_the_session_and_every_channel():
    state = StreamState((depth(7, 10), account()))
    assert sent(state.opening("secret")) == [
        {"op": "authenticate", "token": "secret"},
        {"op": "subscribe", "channel": "depth", "stock": "7", "levels": 10},
        {"op": "subscribe", "channel": "account"},
    ]


def test_the_next_connection_resumes_after_the_last_message(state: StreamState):
    assert isinstance(state.received(message("snapshot", "prices", 5, [])), Snapshot)
    assert isinstance(state.received(message("update", "prices", 9, [], previous=5)), Update)
    assert sent(state.opening(None)) == [{"op": "subscribe", "channel": "prices", "after": 9}]


def test_a_gap_begins_the_channel_anew(state: StreamState):
    state.received(message("snapshot", "prices", 5, []))
    assert state.received(message("update", "prices", 9, [], previous=7)) is None
    assert sent(state.to_send()) == [{"op": "subscribe", "channel": "prices"}]
    assert state.received(message("update", "prices", 11, [], previous=9)) is None
    assert state.to_send() == []
    assert isinstance(state.received(message("snapshot", "prices", 12, [])), Snapshot)


def test_what_was_given_up_is_not_told_any_more(state: StreamState):
    state.received(message("snapshot", "prices", 5, []))
    state.unsubscribe(prices())
    assert sent(state.to_send()) == [{"op": "unsubscribe", "channel": "prices"}]
    assert state.received(message("update", "prices", 9, [], previous=5)) is None


def test_the_end_of_the_session_is_mended_and_other_problems_are_raised(state: StreamState):
    problem = {"type": "t", "title": "t", "status": 401, "detail": "Over.", "code": "token_invalid"}
    told = {"type": "problem", "channel": "account", "problem": problem | {"request_id": None}}
    assert state.received(json.dumps(told)) is None
    assert state.needs_session
    assert sent(state.renewed("new"))[0] == {"op": "authenticate", "token": "new"}
    told["problem"] = problem | {"status": 404, "code": "unknown_stock"}
    told["channel"] = "depth"
    with pytest.raises(NotFound):
        state.received(json.dumps(told))


def test_what_is_no_message_is_a_bad_answer(state: StreamState):
    with pytest.raises(BadAnswer):
        state.received('{"type": "riddle"}')
