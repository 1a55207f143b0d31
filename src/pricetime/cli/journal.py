"""``pricetime journal``: commands and their events as JSON lines, each command before its events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from heapq import merge
from typing import TYPE_CHECKING, Any

import click

from pricetime.cli import options
from pricetime.records import CommandKind, EventKind

if TYPE_CHECKING:
    from pricetime.ports import Batch

_COMMAND_KINDS = {kind.name.lower(): int(kind) for kind in CommandKind}
_EVENT_KINDS = {kind.name.lower(): int(kind) for kind in EventKind}

Line = tuple[int, int, dict[str, Any]]
"""(sequence, 0 for a command and 1 for an event, the record)."""


@click.command
@click.option("--commands", "only", flag_value="commands", help="Commands alone.")
@click.option("--events", "only", flag_value="events", help="Events alone.")
@click.option("--kind", type=click.Choice([*_COMMAND_KINDS, *_EVENT_KINDS]), help="Of this kind alone.")
@click.option("--account", type=click.IntRange(1), help="About this account.")
@click.option("--stock", type=click.IntRange(1), help="About this stock (its id).")
@click.option("--order", type=click.IntRange(1), help="About this order.")
@click.option("--after", type=click.IntRange(0), default=0, help="After this command's sequence.")
@click.option("--limit", type=click.IntRange(1), help="Lines at most.")
@options.settings
@options.as_json
def command(
    only: str | None,
    kind: str | None,
    after: int,
    limit: int | None,
    data: str | None,
    chosen: tuple[str, ...],
    as_json: bool,  # noqa: ARG001 - what it prints is JSON in any case
    **about: int | None,
) -> None:
    """Print commands and events as JSON lines."""
    import msgspec

    from pricetime.services.offline import batches, open_journal

    wanted = {name: value for name, value in about.items() if value is not None}
    with open_journal(options.settings_from(chosen, data=data)) as journal:
        for batch in batches(journal):
            if batch.last_sequence <= after:
                continue
            for _, _, record in _lines(batch, only, kind, after, wanted):
                if limit == 0:
                    return
                sys.stdout.write(msgspec.json.encode(record).decode() + "\n")
                limit = None if limit is None else limit - 1


def _lines(
    batch: Batch, only: str | None, kind: str | None, after: int, wanted: dict[str, int]
) -> Iterator[Line]:
    from pricetime import records

    commands: Iterator[Line] = iter(())
    events: Iterator[Line] = iter(())
    if only != "events" and (kind is None or kind in _COMMAND_KINDS):
        array = records.command_array(batch.commands)
        chosen = _chosen(array, _COMMAND_KINDS.get(kind or ""), after, wanted, makers=False)
        commands = (
            (each.sequence, 0, {"record": "command"} | records.command_to_json(each))
            for each in records.iter_commands(chosen)
        )
    if only != "commands" and (kind is None or kind in _EVENT_KINDS):
        array = records.event_array(batch.events)
        chosen = _chosen(array, _EVENT_KINDS.get(kind or ""), after, wanted, makers=True)
        events = (
            (each.sequence, 1, {"record": "event"} | records.event_to_json(each))
            for each in records.iter_events(chosen)
        )
    return merge(commands, events, key=lambda line: line[:2])


def _chosen(array: Any, kind: int | None, after: int, wanted: dict[str, int], *, makers: bool) -> bytes:
    """Return the records that pass every filter. A trade is about its maker too."""
    mask = array["sequence"] > after
    if kind is not None:
        mask &= array["kind"] == kind
    for name, value in wanted.items():
        about = array[name] == value
        if makers and name != "stock":
            about |= array[f"maker_{name}"] == value
        mask &= about
    found: bytes = array[mask].tobytes()
    return found
