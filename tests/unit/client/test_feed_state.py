"""What a feed of the SDK remembers: what was answered, and what to send again on a new connection."""

from __future__ import annotations

import json

import msgspec
import pytest

from pricetime import schema
from pricetime.client.errors import BadAnswer, Conflict
from pricetime.client.feed_state import FeedState
from pricetime.client.sockets import ends_for_good, socket_url
from pricetime.errors import RecordError
from pricetime.records import Command, Event, EventKind, Side, command_array, iter_commands
from pricetime.records.commands import cancel_all, place_order
from pricetime.records.frames import FrameKind, events_frame, read_frame

ORDER = place_order(0, 1, Side.BUY, 5, 1_000)


def ready(position: int = 10, frame_limit: int = 3, in_flight_limit: int = 6) -> str:
    notice = schema.FeedReady(
        account="1",
        position=position,
        message_limit=4_096,
        frame_limit=frame_limit,
        in_flight_limit=in_flight_limit,
    )
    return msgspec.json.encode(notice).decode()


@pytest.fixture
def state() -> FeedState:
    state = FeedState("maker", None)
    state.hello("token")
    state.received(ready())
    return state


def sent(state: FeedState, commands: object) -> list[list[Command]]:
    """Send all at once; return the commands of each frame."""
    messages = [state.frame(part) for part in state.split(commands)]
    return [list(iter_commands(read_frame(each, FrameKind.COMMANDS).records)) for each in messages]


def answer(command: Command, number: int, kind: EventKind = EventKind.ACCEPTED) -> bytes:
    return Event(kind=kind, number=number, client_id=command.client_id).pack()


def test_the_first_words_say_who_and_from_where():
    first = FeedState("maker", 77)
    assert json.loads(first.hello("abc")) == {"token": "abc", "stream": "maker", "after": 77}
    assert not first.is_open
    first.received(ready(position=80))
    assert (first.is_open, first.position) == (True, 80)
    assert json.loads(first.hello("new"))["after"] == 80


def test_commands_are_sent_in_frames_that_the_venue_takes_each_with_an_id(state):
    frames = sent(state, [ORDER] * 7)
    assert [len(frame) for frame in frames] == [3, 3, 1]
    ids = [command.client_id for frame in frames for command in frame]
    assert len(set(ids)) == 7
    assert bytes(16) not in ids
    named = ORDER._replace(client_id=b"mine" * 4)
    assert sent(state, [named, cancel_all(0)])[0][0] == named


def test_commands_may_be_bytes_or_an_array(state):
    packed = ORDER._replace(client_id=b"mine" * 4).pack()
    assert state.split(packed * 2) == state.split(command_array(packed * 2)) == [packed * 2]
    assert state.split([]) == []
    with pytest.raises(RecordError):
        state.split(b"no records")


def test_a_frame_is_in_flight_until_it_is_acknowledged(state):
    sent(state, [ORDER] * 6)
    assert (state.in_flight, state.acknowledged, state.has_room()) == (6, 0, False)
    events = state.received(events_frame(1, 20, b""))
    assert (events.acknowledged, events.position, events.records) == (3, 20, b"")
    assert (state.in_flight, state.position, state.has_room()) == (3, 20, True)
    state.received(events_frame(2, 30, b""))
    assert (state.in_flight, state.acknowledged) == (0, 6)


def test_what_was_not_answered_is_sent_again_as_it_was(state):
    first, second = sent(state, [ORDER] * 6)
    state.hello("token")
    missed = b"".join(answer(command, 11 + at) for at, command in enumerate(first))
    state.received(events_frame(0, 13, missed))
    state.received(ready(position=15))
    again = [read_frame(each, FrameKind.COMMANDS) for each in state.again()]
    assert [(frame.number, list(iter_commands(frame.records))) for frame in again] == [(1, second)]
    assert (state.acknowledged, state.in_flight) == (3, 3)
    state.received(events_frame(1, 40, b""))
    assert (state.acknowledged, state.in_flight) == (6, 0)
    assert sent(state, [ORDER])
    assert state.in_flight == 1


def test_a_frame_whose_answers_came_but_not_its_acknowledgement_is_not_sent_again(state):
    first, second = sent(state, [ORDER] * 6)
    both = b"".join(answer(command, 11 + at) for at, command in enumerate(first + second[:2]))
    state.received(events_frame(1, 15, both))
    state.hello("token")
    state.received(events_frame(0, 16, answer(second[2], 16, EventKind.DENIED)))
    state.received(ready(position=16))
    assert state.again() == []
    assert (state.acknowledged, state.in_flight) == (6, 0)


def test_answers_to_others_commands_are_no_answers(state):
    sent(state, [ORDER] * 3)
    state.hello("token")
    strange = Event(kind=EventKind.ACCEPTED, number=11, client_id=b"somebody elses .").pack()
    opened = Event(kind=EventKind.ORDER_OPENED, number=12).pack()
    state.received(events_frame(0, 12, strange + opened))
    state.received(ready())
    assert len(state.again()) == 1


def test_events_are_an_array_and_tuples(state):
    records = Event(kind=EventKind.TRADED, number=11, price=5).pack() * 2
    events = state.received(events_frame(0, 12, records))
    assert events.array["price"].tolist() == [5, 5]
    assert [event.kind for event in events] == [EventKind.TRADED] * 2


def test_a_problem_is_raised_as_of_a_request(state):
    problem = schema.Problem(type="", title="", status=409, detail="Somebody has.", code="taken_over")
    text = msgspec.json.encode(schema.FeedProblem(problem=problem)).decode()
    with pytest.raises(Conflict, match="Somebody has") as raised:
        state.received(text)
    assert ends_for_good(raised.value)
    assert state.received(msgspec.json.encode(schema.FeedShutdown(detail="Bye.")).decode()) is None


@pytest.mark.parametrize(
    "message", [b"short", events_frame(1, 1, b"") + b"x", "no JSON", '{"message": "hm"}']
)
def test_what_is_no_message_of_a_feed_is_a_bad_answer(state, message):
    with pytest.raises(BadAnswer):
        state.received(message)


def test_the_feed_is_where_the_venue_is():
    assert socket_url("http://127.0.0.1:8080") == "ws://127.0.0.1:8080/v1/orders/feed"
    assert socket_url("https://venue.example") == "wss://venue.example/v1/orders/feed"
