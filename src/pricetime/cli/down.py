"""``pricetime down``: the end of ``pricetime up``."""

from __future__ import annotations

from pathlib import Path

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say


@click.command
@options.settings
@options.as_json
def command(data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """End the services that `pricetime up` started.

    In order: services, nginx, then the servers. Data stays, and the next `pricetime up` goes on with it.
    """
    settings = options.settings_from(chosen, data=data)

    from pricetime.services.topology.down import bring_down
    from pricetime.services.topology.plan import Layout

    layout = Layout(Path(settings.data).resolve())
    ran = bring_down(layout, settings, (lambda _: None) if as_json else say)
    if as_json:
        print_json({"data": str(layout.data), "ran": ran})
    else:
        say(f"The venue in {layout.data} is down." if ran else f"No venue ran in {layout.data}.")
