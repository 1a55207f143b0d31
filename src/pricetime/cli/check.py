"""``pricetime check``: conservation, the hash chain, snapshots, and the views against the journal."""

from __future__ import annotations

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, say
from pricetime.cli.progress import progress_bar
from pricetime.errors import CheckFailed


@click.command
@options.settings
@options.as_json
def command(data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Check that the venue's data is right."""
    from pricetime.services.offline import check_venue

    settings = options.settings_from(chosen, data=data)
    notes: list[str] = []
    findings: list[str] = []
    with progress_bar("Checking") as told:
        for finding in check_venue(settings, told, notes.append):
            findings.append(finding)
            if not as_json:
                say(finding)
    if as_json:
        print_json({"data": settings.data, "right": not findings, "findings": findings, "notes": notes})
    else:
        for note in notes:
            say(f"Note: {note}")
    if findings:
        more = "" if len(findings) == 1 else f" ({len(findings)} findings)"
        raise CheckFailed(f"The data in {settings.data} is not right: {findings[0]}{more}")
    if not as_json:
        say(f"The data in {settings.data} is right.")
