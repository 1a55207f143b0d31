"""``pricetime up``: the venue as many services on this machine."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pricetime.cli import options
from pricetime.cli.output import say
from pricetime.cli.signals import take_signals
from pricetime.cli.status import show
from pricetime.errors import TopologyFailed

if TYPE_CHECKING:
    from pricetime.services.topology.prepare import Wanted
    from pricetime.services.topology.record import Record

_LOOK_S = 1.0


@click.command
@click.option("--host", help="Address of nginx; default 127.0.0.1.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port of nginx; default 8080, 0: a free one.")
@click.option("--scale", "scaled", is_flag=True, help="How many of which service: --scale engine=2 orders=2.")
@click.argument("scale", nargs=-1, metavar="[SERVICE=COUNT]...")
@click.option("--autoscale", metavar="BOUNDS", help="Hosts that come and go: --autoscale engine=1..4.")
@click.option("--detach", is_flag=True, help="Return when all is ready; `pricetime down` ends it.")
@click.option("--no-tls", is_flag=True, help="A plain HTTP door. Services speak mutual TLS all the same.")
@click.option("--mongo", metavar="URL", help="Of MongoDB; without, a stand-in for trying out.")
@options.settings
@options.as_json
def command(
    host: str | None,
    port: int | None,
    scaled: bool,
    scale: tuple[str, ...],
    autoscale: str | None,
    detach: bool,
    no_tls: bool,
    mongo: str | None,
    data: str | None,
    chosen: tuple[str, ...],
    as_json: bool,
) -> None:
    """Run the venue as many services on this machine.

    nginx, RabbitMQ, Redis, MongoDB or its stand-in, and all services, under a supervisor. Ctrl-C ends all.
    """
    settings = options.settings_from(
        chosen, host=host, port=port, data=data, mongo_url=mongo, autoscale=autoscale
    )
    if scale and not scaled:
        raise click.UsageError("name services with --scale, as in --scale engine=2")

    from pricetime.services.topology.plan import Layout, scale_of
    from pricetime.services.topology.prepare import Wanted
    from pricetime.services.topology.up import bring_up

    layout = Layout(Path(settings.data).resolve())
    wanted = Wanted(
        layout=layout, settings=settings, scale=scale_of(options.counts_from(scale)), is_tls=not no_tls
    )
    take_signals()
    record = bring_up(wanted, _silent if as_json else _say_where_there_is_a_terminal)
    show(layout, record, as_json)
    if not detach:
        _stay(wanted, record, as_json)


def _silent(_: str) -> None:
    return


def _say_where_there_is_a_terminal(text: str) -> None:
    """Print a line; that the terminal has gone keeps nothing from being ended."""
    with contextlib.suppress(OSError, SystemExit):  # of a pipe, rich ends the program
        say(text)


def _stay(wanted: Wanted, record: Record, as_json: bool) -> None:
    """Wait for Ctrl-C, then end all; TopologyFailed where it was ended by others or died."""
    from pricetime.services.topology.down import bring_down_own

    told = _silent if as_json else _say_where_there_is_a_terminal
    try:
        told("Ctrl-C stops it.")
        while record.runs:
            threading.Event().wait(_LOOK_S)
    except KeyboardInterrupt:
        bring_down_own(wanted.layout, record, wanted.settings, told)
        return
    bring_down_own(wanted.layout, record, wanted.settings, told)  # nothing of it is left alone
    raise TopologyFailed(
        f"The supervisor has ended, so all was. Its log is {wanted.layout.logs / 'supervisord.log'}."
    )
