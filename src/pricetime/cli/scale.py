"""``pricetime scale``: more or fewer processes of a venue that runs."""

from __future__ import annotations

from pathlib import Path

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say


@click.command
@click.argument("scale", nargs=-1, metavar="SERVICE=COUNT...", required=True)
@options.settings
@options.as_json
def command(scale: tuple[str, ...], data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Change how many processes of a service run.

    As in `pricetime scale engine=3 orders=1`. What is added is ready before it is given work; what is taken
    away hands over and finishes first. Clients notice nothing but that a stream may begin anew.
    """
    settings = options.settings_from(chosen, data=data)

    from pricetime.services.topology.plan import Layout
    from pricetime.services.topology.record import locked, running_record
    from pricetime.services.topology.scale import scale as scale_to

    layout = Layout(Path(settings.data).resolve())
    running_record(layout)
    with locked(layout.lock):
        record = scale_to(layout, options.counts_from(scale), (lambda _: None) if as_json else say)
    if as_json:
        print_json({"scale": record.scale})
    else:
        say(", ".join(f"{name}={count}" for name, count in record.scale.items()))
