"""``pricetime register``: a new user."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.remote import visitor


@click.command
@click.option("user_name", "--user", prompt="User name", help="Asked for where absent.")
@click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for where absent."
)
@click.option("--name", help="The person's name; else the user name.")
@options.url
@options.as_json
def command(user_name: str, password: str, name: str | None, url: str | None, as_json: bool) -> None:
    """Register a new user."""
    with visitor(url) as client:
        user = client.register(user_name, password, name)
    if as_json:
        print_json(user)
    elif user.account is None:
        say(f"{user.user_name} is registered, and can log in as soon as the venue's database is back.")
    else:
        say(f"{user.user_name} is registered with account {user.account}. Next: pricetime login")
