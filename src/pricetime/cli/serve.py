"""``pricetime serve``: the venue."""

from __future__ import annotations

import os
import signal
import sys
import threading

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say


@click.command
@options.address
@click.option("--until-eof", is_flag=True, hidden=True, help="Stop when standard input ends.")
@options.settings
@options.as_json
def command(
    host: str | None,
    port: int | None,
    until_eof: bool,
    data: str | None,
    chosen: tuple[str, ...],
    as_json: bool,
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
    if until_eof:
        threading.Thread(target=_stop_at_eof, daemon=True).start()
    serve(settings, ready)


def _stop_at_eof() -> None:
    """Stop when whoever started this venue has gone, however that came about."""
    while os.read(sys.stdin.fileno(), 1_024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
