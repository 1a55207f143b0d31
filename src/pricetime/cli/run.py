"""``pricetime run``: one service of a venue that runs as many."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.services.run_service import SERVICES, run_service


@click.command
@click.argument("name", type=click.Choice(list(SERVICES)))
@options.address
@options.settings
@options.as_json
def command(
    name: str, host: str | None, port: int | None, data: str | None, chosen: tuple[str, ...], as_json: bool
) -> None:
    """Run one service of a venue that runs as many.

    Any number of each may run. They find each other through mongo_url, rabbit_url and redis_url. SIGTERM or
    Ctrl-C stops it: what has begun is finished, and what it hosts is handed over first.
    """
    settings = options.settings_from(chosen, host=host, port=port, data=data)

    from pricetime.telemetry import configure_logs

    def ready(url: str) -> None:
        if as_json:
            print_json({"url": url, "service": name})
        else:
            say(f"pricetime runs {name} at {url}")

    configure_logs(settings.log_level)
    run_service(name, settings, ready)
