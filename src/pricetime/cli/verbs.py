"""The verbs of the command line, imported only when they are used, so that help answers at once."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import click

VERBS: Final[dict[str, str]] = {
    "serve": "Run the venue.",
    "run": "Run one service of a venue that runs as many.",
    "demo": "Run a venue with a moving market to try out.",
    "login": "Open a session and keep it for the other verbs.",
    "logout": "End the session.",
    "register": "Register a new user.",
    "stocks": "List the stocks and their prices.",
    "order": "Buy, sell, cancel, amend and list orders.",
    "wallet": "Show, deposit and withdraw money.",
    "portfolio": "Show shares, their cost and profit.",
    "watch": "Watch the book and the tape of a stock.",
    "up": "Run the venue as many services on this machine.",
    "status": "Show each process of `pricetime up`.",
    "scale": "Change how many processes of a service run.",
    "down": "End the services that `pricetime up` started.",
    "certs": "Make the certificates of the services.",
    "load": "Put the venue under load and measure latency.",
    "admin": "Manage the venue's administrators.",
    "config": "List every setting.",
    "mongo": "Prepare MongoDB, and show what the venue keeps there.",
    "rabbit": "Prepare RabbitMQ.",
    "engines": "Show the hosts of ledgers, books and views; drain one.",
    "check": "Check that the venue's data is right.",
    "journal": "Print commands and events as JSON lines.",
    "prove": "Prove that core and rules are the same, and fair.",
    "replay": "Replay the journal from its first command.",
    "rebuild": "Build the views anew from the journal.",
    "lobster": "Replay real order flow, or write a run in its format.",
}
"""Each verb stands in the module of its name, as ``command``; a test holds the words equal to its help."""


class Verbs(click.Group):
    """A group whose commands are imported when they are called."""

    def __init__(self, *args: Any, table: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the order of the table."""
        return list(self._table)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import a verb."""
        if name not in self._table:
            return None
        command = import_module(f"pricetime.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of verbs without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(self._table.items()))
