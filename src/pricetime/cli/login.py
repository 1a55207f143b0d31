"""``pricetime login``: open a session and keep it for the other verbs."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.remote import KeptSession, keep_session, session_path, url_of


@click.command
@click.option("user_name", "--user", prompt="User name", help="Who logs in; asked for where absent.")
@click.option("--password", prompt=True, hide_input=True, help="Asked for where absent.")
@options.url
@options.as_json
def command(user_name: str, password: str, url: str | None, as_json: bool) -> None:
    """Open a session and keep it for the other verbs."""
    from pricetime.client import Client

    with Client(url_of(url)) as client:
        session = client.login(user_name, password)
        keep_session(KeptSession(client.url, user_name, session))
        user = client.me()
    if as_json:
        print_json({"url": client.url, "user": user, "session_file": str(session_path())})
    else:
        say(f"{user.name} is logged in at {client.url} with account {user.account} ({user.role}).")
