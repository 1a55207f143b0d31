"""The binary messages of the feed: a header of 24 bytes, then records laid end to end.

The header is one table, in the style of ``records.fields``, and both ends are made from it. All integers are
little-endian, as in records::

    client ──> COMMANDS: number 1, 2, 3, … ── 96 bytes a command ──> server
    client <── EVENTS: number acknowledged, position ── 152 bytes an event <── server

A message of events says two things beside its events: every frame up to ``number`` is carried out and
durable, and with this message the client has all events of its account up to ``position``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from pricetime.errors import RecordError
from pricetime.records.commands import check_commands
from pricetime.records.events import check_events
from pricetime.records.fields import COMMAND_BYTES, EVENT_BYTES, Field, struct_of

FRAME_VERSION: Final = 1


class FrameKind(IntEnum):
    """What a binary message carries."""

    COMMANDS = 1
    EVENTS = 2


FRAME_FIELDS: Final = (
    Field("version", "B", "of the header's layout"),
    Field("kind", "B", "FrameKind: 1 commands, 2 events"),
    Field("reserved", "H", "0"),
    Field("count", "I", "records that follow the header"),
    Field(
        "number", "q", "COMMANDS: of this frame, one more than of the last; EVENTS: of the frame acknowledged"
    ),
    Field("position", "q", "EVENTS: number of the event up to which the client has everything; COMMANDS: 0"),
)

FRAME: Final = struct_of(FRAME_FIELDS)
FRAME_BYTES: Final = FRAME.size


class Frame(NamedTuple):
    """A message taken apart: what its header says, and the records behind it."""

    number: int
    position: int
    records: bytes


def commands_frame(number: int, commands: bytes) -> bytes:
    """Return the message that carries these commands."""
    count = len(commands) // COMMAND_BYTES
    return FRAME.pack(FRAME_VERSION, FrameKind.COMMANDS, 0, count, number, 0) + commands


def events_frame(acknowledged: int, position: int, events: bytes) -> bytes:
    """Return the message that carries these events, which may be none."""
    count = len(events) // EVENT_BYTES
    return FRAME.pack(FRAME_VERSION, FrameKind.EVENTS, 0, count, acknowledged, position) + events


def read_frame(message: bytes, kind: FrameKind) -> Frame:
    """Return a message of this kind, taken apart; RecordError says what is wrong with any other."""
    if len(message) < FRAME_BYTES:
        raise RecordError(f"a message begins with a header of {FRAME_BYTES} bytes; this has {len(message)}")
    version, what, reserved, announced, number, position = FRAME.unpack_from(message)
    if (version, what, reserved) != (FRAME_VERSION, kind, 0):
        raise RecordError(
            f"the header begins with version {version}, kind {what}, reserved {reserved}; "
            f"it should say {FRAME_VERSION}, {int(kind)}, 0"
        )
    records = message[FRAME_BYTES:]
    count = check_commands(records) if kind is FrameKind.COMMANDS else check_events(records)
    if count != announced:
        raise RecordError(f"the header announces {announced} records; {count} follow it")
    return Frame(number, position, records)
