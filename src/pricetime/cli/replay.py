"""``pricetime replay``: the journal again from its first command."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.progress import progress_bar


@click.command
@click.option("--verify", is_flag=True, help="Compare with a start from the newest snapshot; always done.")
@options.settings
@options.as_json
def command(verify: bool, data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:  # noqa: ARG001
    """Replay the journal from its first command.

    Every batch must follow in the hash chain and give the very events that were journaled, and a start
    from the newest snapshot must end in the same state.
    """
    from pricetime.services.offline import replay_venue

    settings = options.settings_from(chosen, data=data)
    with progress_bar("Replaying") as told:
        replayed = replay_venue(settings, told)
    state_hash = replayed.state_hash.hex()
    if as_json:
        print_json(replayed._asdict() | {"state_hash": state_hash})
    else:
        count = f"{replayed.commands} commands in {replayed.batches} batches"
        say(f"{count} give the same {replayed.events} events.")
        say(f"State hash: {state_hash}")
