"""``pricetime check``: conservation, hash chains, snapshots, and the views against the journal.

Of one process in a folder; of many services in the folder of `pricetime up`, or by the URL of their MongoDB.
"""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.progress import progress_bar
from pricetime.cli.signals import take_signals
from pricetime.errors import CheckFailed


@click.command
@click.option("--mongo", metavar="URL", help="Of MongoDB, where many services keep their venue.")
@options.settings
@options.as_json
def command(mongo: str | None, data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Check that the venue's data is right."""
    from pricetime.services.offline import check_venue

    settings = options.settings_from(chosen, data=data, mongo_url=mongo)
    where = f"the database {settings.mongo_database}" if settings.mongo_url else settings.data
    notes: list[str] = []
    findings: list[str] = []
    take_signals()
    with progress_bar("Checking") as told:
        for finding in check_venue(settings, told, notes.append):
            findings.append(finding)
            if not as_json:
                say(finding)
    if as_json:
        print_json({"data": where, "right": not findings, "findings": findings, "notes": notes})
    else:
        for note in notes:
            say(f"Note: {note}")
    if findings:
        more = "" if len(findings) == 1 else f" ({len(findings)} findings)"
        raise CheckFailed(f"The data in {where} is not right: {findings[0]}{more}")
    if not as_json:
        say(f"The data in {where} is right.")
