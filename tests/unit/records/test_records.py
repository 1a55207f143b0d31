"""Every view of a record agrees with the one table of fields."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricetime.errors import RecordError, SnapshotError
from pricetime.records import (
    COMMAND_BYTES,
    EVENT_BYTES,
    Command,
    Event,
    check_commands,
    check_events,
    command_array,
    command_from_json,
    command_to_json,
    event_array,
    event_from_json,
    event_to_json,
    iter_commands,
    iter_events,
)
from pricetime.records import state as tables
from pricetime.records.fields import COMMAND_DTYPE, COMMAND_FIELDS, EVENT_DTYPE, EVENT_FIELDS, VERSION, Field
from pricetime.rules import Venue

BYTE, WORD, RAW = st.integers(0, 255), st.integers(-(2**63), 2**63 - 1), st.binary(min_size=16, max_size=16)
OF_CODE = {"B": BYTE, "q": WORD, "16s": RAW}


def records(fields: tuple[Field, ...]) -> st.SearchStrategy[tuple[object, ...]]:
    """Draw the fields of any record of this version."""
    return st.tuples(
        *(st.just(VERSION) if field.name == "version" else OF_CODE[field.code] for field in fields)
    )


@given(st.lists(records(COMMAND_FIELDS).map(Command._make), max_size=5))
def test_every_view_of_a_command_round_trips(batch: list[Command]) -> None:
    packed = b"".join(command.pack() for command in batch)
    assert list(iter_commands(packed)) == batch
    assert [Command._make(row) for row in command_array(packed).tolist()] == batch
    assert np.array([tuple(c) for c in batch], COMMAND_DTYPE).tobytes() == packed
    assert [command_from_json(command_to_json(command)) for command in batch] == batch


@given(st.lists(records(EVENT_FIELDS).map(Event._make), max_size=5))
def test_every_view_of_an_event_round_trips(batch: list[Event]) -> None:
    packed = b"".join(event.pack() for event in batch)
    assert list(iter_events(packed)) == batch
    assert [Event._make(row) for row in event_array(packed).tolist()] == batch
    assert np.array([tuple(e) for e in batch], EVENT_DTYPE).tobytes() == packed
    assert [event_from_json(event_to_json(event)) for event in batch] == batch


@pytest.mark.parametrize(
    ("view", "dtype", "fields", "size"),
    [(Command, COMMAND_DTYPE, COMMAND_FIELDS, 96), (Event, EVENT_DTYPE, EVENT_FIELDS, 152)],
)
def test_all_views_have_the_fields_of_the_table_in_its_order(
    view: type[Command | Event], dtype: np.dtype[np.void], fields: tuple[Field, ...], size: int
) -> None:
    names = tuple(field.name for field in fields)
    assert view._fields == names == dtype.names
    assert view().pack() == np.array([tuple(view())], dtype).tobytes()
    assert len(view().pack()) == dtype.itemsize == size
    assert {COMMAND_BYTES, EVENT_BYTES} >= {size}


@pytest.mark.parametrize("check", [check_commands, check_events])
def test_bytes_that_are_no_whole_records_are_refused(check: object) -> None:
    with pytest.raises(RecordError, match="multiple"):
        check(b"x" * 95)  # type: ignore[operator]


def test_a_record_of_another_version_is_refused() -> None:
    with pytest.raises(RecordError):
        check_commands(Command(version=2).pack())
    with pytest.raises(RecordError):
        check_events(Event(version=2).pack())


@pytest.mark.parametrize(
    "data", [{"colour": 1}, {"kind": "stand_on_head"}, {"price": "dear"}, {"client_id": "no hex"}]
)
def test_json_that_is_no_record_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(RecordError):
        command_from_json(data)


def test_json_shows_names_and_leaves_zeros_out() -> None:
    shown = command_to_json(Command(kind=6, side=1, order_type=2, quantity=5))
    assert shown == {
        "version": 1,
        "kind": "place_order",
        "side": "buy",
        "order_type": "market",
        "self_trade": "skip",
        "quantity": 5,
    }


@pytest.mark.parametrize("damage", [b"", b"PTSTATE0", "short", "long"])
def test_bytes_that_are_no_snapshot_are_refused(damage: bytes | str) -> None:
    good = Venue().snapshot()
    bad = {"short": good[:-1], "long": good + b"x"}.get(damage, damage) if isinstance(damage, str) else damage
    with pytest.raises(SnapshotError):
        tables.read_snapshot(bad)
