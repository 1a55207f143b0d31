"""``pricetime rebuild``: the views anew from the journal."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.progress import progress_bar


@click.command
@options.settings
@options.as_json
def command(data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Build the views anew from the journal. The venue must be stopped."""
    from pricetime.services.offline import rebuild_views

    settings = options.settings_from(chosen, data=data)
    with progress_bar("Rebuilding") as told:
        events = rebuild_views(settings, told)
    if as_json:
        print_json({"data": settings.data, "events": events})
    else:
        say(f"The views hold {events} events.")
