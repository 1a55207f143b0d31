"""``pricetime logout``: end the session."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.remote import KeptSession, keep_session, trader


@click.command
@options.as_json
def command(as_json: bool) -> None:
    """End the session."""
    from pricetime.client import Unauthorized

    with trader(None) as client:
        try:
            client.logout()
        except Unauthorized:  # it has ended already, which is all that was wanted
            keep_session(KeptSession(client.url, "", None))
    if as_json:
        print_json({"url": client.url})
    else:
        say(f"Logged out of {client.url}.")
