"""The messages of the feed, byte by byte."""

from __future__ import annotations

import pytest

from pricetime.errors import RecordError
from pricetime.records import Command, Event
from pricetime.records.frames import (
    FRAME,
    FRAME_BYTES,
    FRAME_FIELDS,
    FrameKind,
    commands_frame,
    events_frame,
    read_frame,
)

COMMANDS = Command(kind=6, quantity=5).pack() * 3
EVENTS = Event(kind=1, number=9).pack() * 2


def test_the_header_is_what_the_documentation_says():
    assert [field.name for field in FRAME_FIELDS] == [
        "version",
        "kind",
        "reserved",
        "count",
        "number",
        "position",
    ]
    assert (FRAME.format, FRAME_BYTES) == ("<BBHIqq", 24)
    header = commands_frame(0x0102030405060708, COMMANDS)[:24]
    assert header.hex(" ", 4) == "01010000 03000000 08070605 04030201 00000000 00000000"
    header = events_frame(7, 258, EVENTS)[:24]
    assert header.hex(" ", 4) == "01020000 02000000 07000000 00000000 02010000 00000000"


def test_what_was_packed_is_read():
    assert read_frame(commands_frame(5, COMMANDS), FrameKind.COMMANDS) == (5, 0, COMMANDS)
    assert read_frame(events_frame(5, 77, EVENTS), FrameKind.EVENTS) == (5, 77, EVENTS)
    assert read_frame(events_frame(0, 77, b""), FrameKind.EVENTS) == (0, 77, b"")


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        (b"", "a header of 24 bytes; this has 0"),
        (commands_frame(1, COMMANDS)[:23], "this has 23"),
        (events_frame(1, 1, EVENTS), "version 1, kind 2, reserved 0"),
        (b"\x02" + commands_frame(1, COMMANDS)[1:], "version 2, kind 1"),
        (commands_frame(1, COMMANDS)[:-1], "a multiple of 96 bytes; this has 287"),
        (commands_frame(1, COMMANDS) + COMMANDS, "announces 3 records; 6 follow"),
        (commands_frame(1, b"\x09" + COMMANDS[1:]), "no records of a known version"),
    ],
)
def test_what_is_wrong_with_a_message_is_said(message, fault):
    with pytest.raises(RecordError, match=fault):
        read_frame(message, FrameKind.COMMANDS)
