"""``pricetime admin``: the venue's administrators, made beside the server and not through it."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.signals import take_signals


@click.group
def command() -> None:
    """Manage the venue's administrators."""


@command.command
@click.argument("user_name")
@click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where absent."
)
@click.option("--name", help="The person's name; else the user name.")
@options.settings
@options.as_json
def create(
    user_name: str, password: str, name: str | None, data: str | None, chosen: tuple[str, ...], as_json: bool
) -> None:
    """Make the administrator USER_NAME in the venue's folder."""
    from pricetime.services.offline import create_admin

    settings = options.settings_from(chosen, data=data)
    take_signals()
    admin = create_admin(settings, user_name, password, name or user_name)
    if as_json:
        print_json({"user_name": admin.user_name, "name": admin.name, "role": admin.role})
    else:
        say(f"{admin.user_name} is an administrator, and can log in as soon as the venue runs.")
