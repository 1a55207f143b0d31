"""What takes in events of each kind, found by the kind's number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

from pricetime.records import Event

Handler = Callable[[Event], None]


def table_of(kinds: type[IntEnum], handlers: Mapping[int, Handler]) -> list[Handler]:
    """Return the handler of each kind, at its number; kinds without one change no row by themselves."""
    return [_nothing, *(handlers.get(kind, _nothing) for kind in kinds)]


def _nothing(_event: Event) -> None:
    pass
