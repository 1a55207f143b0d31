"""``pricetime rabbit``: what RabbitMQ holds of the venue."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json


@click.group
def command() -> None:
    """Prepare RabbitMQ."""


@command.command
@options.settings
@options.as_json
def definitions(
    data: str | None,
    chosen: tuple[str, ...],
    as_json: bool,  # noqa: ARG001 - it is JSON in any case
) -> None:
    """Print users, rights, queues and exchanges, for RabbitMQ's load_definitions.

    With `certs` set, users are the names of certificates and have no passwords; else the one of rabbit_url.
    """
    from pricetime.services.topology.definitions import rabbit_definitions

    settings = options.settings_from(chosen, data=data)
    print_json(rabbit_definitions(settings, is_named=bool(settings.certs)))
