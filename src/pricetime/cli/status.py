"""``pricetime status``: what runs of a venue that runs as many services."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from pricetime.services.topology.plan import Layout
    from pricetime.services.topology.record import Record

_STEPS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


@click.command
@options.settings
@options.as_json
def command(data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Show each process of `pricetime up`.

    Its state and readiness, how long it has run, how often it ended unasked, and what it uses now. Exits
    with 1 where one is not ready, or nothing runs.
    """
    settings = options.settings_from(chosen, data=data)

    from pricetime.services.topology.plan import Layout
    from pricetime.services.topology.record import running_record

    layout = Layout(Path(settings.data).resolve())
    if not show(layout, running_record(layout), as_json):
        raise click.exceptions.Exit(1)


def show(layout: Layout, record: Record, as_json: bool) -> bool:
    """Print where a venue is and what runs of it; return whether all parts are ready."""
    from pricetime.services.topology.status import statuses

    parts = statuses(layout, record)
    if as_json:
        print_json(
            {"url": record.url, "logs": str(layout.logs), "mongo_url": record.mongo_url, "parts": parts}
        )
    else:
        rows = [
            (
                *(each.name, each.state, "yes" if each.is_ready else "no", each.pid or None),
                *(each.port, lasting(each.up_s), each.restarts),
                *(f"{each.cpu:.0%}", f"{each.memory_bytes / 1_000_000:,.0f} MB"),
            )
            for each in parts
        ]
        columns = ("process", "state", "ready", ">id", ">port", ">up", ">restarts", ">CPU", ">memory")
        print_table(columns, rows, empty="")
        for each in parts:
            if each.why:
                say(f"{each.name} is not ready: {each.why}")
        say(f"The venue is at {record.url} (its API: {record.url}/docs); logs are in {layout.logs}.")
    return all(each.is_ready for each in parts)


def lasting(seconds: int) -> str:
    """Return a time as people read it: ``42 s``, ``3 min 20 s``, ``2 h 5 min``, ``4 d 1 h``."""
    for size, unit, smaller, smaller_unit in _STEPS:
        if seconds >= size:
            return f"{seconds // size} {unit} {seconds % size // smaller} {smaller_unit}"
    return f"{seconds} s"
