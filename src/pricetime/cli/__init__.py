"""The command line: ``pricetime VERB``, one file per verb.

Every verb prints for people, or with ``--json`` for programs. What goes wrong is one sentence on
standard error: exit 1, or 2 where the command itself was mistyped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from pricetime.cli.verbs import VERBS, Verbs
from pricetime.errors import PricetimeError


@click.group(cls=Verbs, table=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pricetime", prog_name="pricetime")
def command() -> None:
    """Serve a day-trading venue, look into it, trade on it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    sys.exit(execute(arguments))


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    try:
        status = command.main(
            None if arguments is None else list(arguments), prog_name="pricetime", standalone_mode=False
        )
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except PricetimeError as error:
        click.echo(f"pricetime: {error}", err=True)
        return 1
    except BrokenPipeError:
        # Whoever read our output has gone, as in `pricetime journal | head`; nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status if isinstance(status, int) else 0
