"""``pricetime serve``: the venue."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say


@click.command
@options.address
@options.settings
@options.as_json
def command(
    host: str | None, port: int | None, data: str | None, chosen: tuple[str, ...], as_json: bool
) -> None:
    """Run the venue.

    SIGTERM or Ctrl-C stops it: what has begun is answered first.
    """
    settings = options.settings_from(chosen, host=host, port=port, data=data)

    from pricetime.services.run import serve
    from pricetime.telemetry import configure_logs

    def ready(url: str) -> None:
        if as_json:
            print_json({"url": url, "data": settings.data})
        else:
            say(f"pricetime serves {url} from the folder {settings.data}; the API is explained at {url}/docs")

    configure_logs(settings.log_level)
    serve(settings, ready)
