"""What a feed knows, without I/O: what was sent, what was answered, and what to send again.

Both feeds (``client.feed``, ``client.async_feed``) drive one of these::

    frames(commands) ──> send              received(message) ──> FeedEvents
    hello(token) ──> a new connection ──> received … until ``ready`` ──> again() ──> send

Every command has a client id, made here where it has none. After a lost connection the venue first tells
everything of the account that the client has not seen, so a frame whose commands were all answered was
carried out, and any other was not: a frame is carried out whole or not at all. So ``again`` sends exactly
what is missing, however long ago the venue has forgotten the ids.
"""

from __future__ import annotations

import itertools
import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pricetime import schema
from pricetime.client.errors import BadAnswer, error_class
from pricetime.errors import RecordError
from pricetime.records import (
    COMMAND_BYTES,
    Command,
    Event,
    EventKind,
    check_commands,
    command_array,
    event_array,
    iter_events,
)
from pricetime.records.frames import FRAME_BYTES, FrameKind, commands_frame, read_frame

CommandsLike = bytes | NDArray[np.void] | Iterable[Command]
"""Records laid end to end, an array of ``COMMAND_DTYPE``, or commands of ``pricetime.records.commands``."""

_ANSWERS: Final = (EventKind.ACCEPTED, EventKind.DENIED)
_NO_ID: Final = np.void(bytes(16))
_read_notice = msgspec.json.Decoder(schema.FeedNotice).decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class FeedEvents:
    """Events of one's account in order. Everything up to ``position`` has been received with them."""

    position: int
    acknowledged: int
    """Commands sent by this feed so far that are carried out and durable."""
    records: bytes

    @property
    def array(self) -> NDArray[np.void]:
        """Return them as a structured array of ``EVENT_DTYPE``, without a copy."""
        return event_array(self.records)

    def __iter__(self) -> Iterator[Event]:
        """Iterate over them as ``Event`` tuples."""
        return iter_events(self.records)


class _Frame(NamedTuple):
    number: int
    commands: bytes


class FeedState:
    """One feed over all its connections.

    One thread may send while another receives: each counts what is its own. ``hello`` and ``again`` are for a
    moment when neither happens.
    """

    def __init__(self, stream: str, after: int | None) -> None:
        self.stream = stream
        self.position = after
        """The number of the event up to which everything was received; None before there is any."""
        self.is_open = False
        """Whether the venue has said ``ready`` on the present connection."""
        self.acknowledged = 0
        self._limits: schema.FeedReady | None = None
        self._sent = 0
        self._number = 0
        self._unanswered: deque[_Frame] = deque()
        self._since_acknowledged: list[bytes] = []
        self._own = secrets.token_bytes(8)
        self._ids = itertools.count(1)

    @property
    def in_flight(self) -> int:
        """Return how many commands are sent and not acknowledged."""
        return self._sent - self.acknowledged

    @property
    def limits(self) -> schema.FeedReady:
        """Return what the venue said when it was last ready."""
        assert self._limits is not None, "a feed is opened before it is used"
        return self._limits

    # ---------------------------------------------------------------------------------------- sending

    def hello(self, token: str) -> str:
        """Return the first message of a new connection."""
        self.is_open = False
        hello = schema.FeedHello(token=token, stream=self.stream, after=self.position)
        return _encode(hello).decode()

    def has_room(self) -> bool:
        """Return whether another frame may be sent before an answer has come."""
        return self.in_flight + self.limits.frame_limit <= self.limits.in_flight_limit or not self.in_flight

    def split(self, commands: CommandsLike) -> list[bytes]:
        """Return the commands in parts that are frames each, every command with a client id."""
        records = self._named(_bytes_of(commands))
        limit = min(self.limits.frame_limit, (self.limits.message_limit - FRAME_BYTES) // COMMAND_BYTES)
        size = limit * COMMAND_BYTES
        return [records[start : start + size] for start in range(0, len(records), size)]

    def frame(self, commands: bytes) -> bytes:
        """Return the message that carries one part; it counts as sent from now on."""
        self._sent += len(commands) // COMMAND_BYTES
        return self._framed(commands)

    def _framed(self, commands: bytes) -> bytes:
        self._number += 1
        self._unanswered.append(_Frame(self._number, commands))
        return commands_frame(self._number, commands)

    def again(self) -> list[bytes]:
        """Return the messages to send on a new connection: what the venue has not carried out."""
        answered: set[bytes] = set()
        for records in self._since_acknowledged:
            array = event_array(records)
            answered.update(_ids_of(array[np.isin(array["kind"], _ANSWERS)]))
        self._since_acknowledged.clear()
        unanswered, self._unanswered = self._unanswered, deque()
        self._number = 0
        messages = []
        for frame in unanswered:
            if answered.issuperset(_ids_of(command_array(frame.commands))):
                self.acknowledged += len(frame.commands) // COMMAND_BYTES
            else:
                messages.append(self._framed(frame.commands))
        return messages

    def _named(self, records: bytes) -> bytes:
        """Give every command without a client id one of its own."""
        named = bytearray(records)
        array = command_array(named)
        nameless = np.flatnonzero(array["client_id"] == _NO_ID)
        if not len(nameless):
            return records
        ids = np.empty((len(nameless), 2), "<u8")
        ids[:, 0] = int.from_bytes(self._own, "little")
        ids[:, 1] = list(itertools.islice(self._ids, len(nameless)))
        array["client_id"][nameless] = ids.view("V16")[:, 0]
        return bytes(named)

    # -------------------------------------------------------------------------------------- receiving

    def received(self, message: bytes | str) -> FeedEvents | None:
        """Return the events of a message; None for a notice. ApiError says why the venue ends the feed."""
        if isinstance(message, str):
            self._notice(message)
            return None
        try:
            frame = read_frame(message, FrameKind.EVENTS)
        except RecordError as error:
            raise BadAnswer(f"the feed sends what this SDK does not understand: {error}") from error
        self._since_acknowledged.append(frame.records)
        if self._acknowledge(frame.number):
            # The message itself stays: it may hold the first answers of the frame after.
            del self._since_acknowledged[:-1]
        elif not self._unanswered:
            self._since_acknowledged.clear()
        self.position = frame.position
        return FeedEvents(frame.position, self.acknowledged, frame.records)

    def _acknowledge(self, number: int) -> bool:
        """Take in that every frame up to ``number`` is done; return whether that is news."""
        news = False
        while self._unanswered and self._unanswered[0].number <= number:
            self.acknowledged += len(self._unanswered.popleft().commands) // COMMAND_BYTES
            news = True
        return news

    def _notice(self, text: str) -> None:
        try:
            notice = _read_notice(text)
        except msgspec.DecodeError as error:
            raise BadAnswer(f"the feed says what this SDK does not understand: {error}") from error
        match notice:
            case schema.FeedReady():
                self._limits, self.position, self.is_open = notice, notice.position, True
            case schema.FeedShutdown():
                pass  # what was sent is answered before the connection ends
            case schema.FeedProblem(problem):
                raise error_class(problem.status)(problem.status, problem.code, problem.detail)


def _bytes_of(commands: CommandsLike) -> bytes:
    if isinstance(commands, np.ndarray):
        commands = commands.tobytes()
    elif not isinstance(commands, bytes):
        commands = b"".join([command.pack() for command in commands])
    check_commands(commands)
    return commands


def _ids_of(array: NDArray[np.void]) -> list[bytes]:
    packed = np.ascontiguousarray(array["client_id"]).tobytes()
    return [packed[start : start + 16] for start in range(0, len(packed), 16)]
