"""``pricetime certs``: a development CA and a certificate for each service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from pricetime.services.topology.certs import Held
    from pricetime.settings import Settings


@click.command
@click.argument("names", nargs=-1)
@click.option("--renew", is_flag=True, help="Replace those that end soon; those named, in any case.")
@click.option("--list", "only_list", is_flag=True, help="Show what there is, and make nothing.")
@click.option("--days", type=click.IntRange(1, 3_650), help="That new ones are good for.")
@click.option("--new-ca", is_flag=True, help="Make a new CA, and all certificates anew.")
@options.settings
@options.as_json
def command(
    names: tuple[str, ...],
    renew: bool,
    only_list: bool,
    days: int | None,
    new_ca: bool,
    data: str | None,
    chosen: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make the certificates of the services.

    They go to the folder of the setting ``certs``, else to ``certs`` in the venue's folder. What is there
    stays as it is, the CA in any case, unless --renew or --new-ca asks for more.
    """
    from pricetime.services.topology.certs import NAMES, held_certificates, make_certificates

    if unknown := set(names) - set(NAMES):
        raise click.UsageError(f"there is no {min(unknown)!r}; there are {', '.join(NAMES)}")
    settings = options.settings_from(chosen, data=data, certificate_days=days)
    folder = folder_of(settings)
    if only_list:
        _show(held_certificates(folder), as_json)
        return
    renew_days = settings.certificate_renew_days if renew else None
    made = make_certificates(
        folder,
        NAMES if new_ca or not names else names,
        days=settings.certificate_days,
        authority_days=settings.authority_days,
        renew_days=36_500 if renew and names else renew_days,
        is_new_authority=new_ca,
    )
    if as_json:
        _show(made, as_json)
    elif made:
        say(f"Made in {folder}: {', '.join(each.name for each in made)}")
    else:
        say(f"The certificates in {folder} are good; nothing was made.")


def folder_of(settings: Settings) -> Path:
    """Return the folder of certificates."""
    return Path(settings.certs) if settings.certs else Path(settings.data) / "certs"


def _show(held: Sequence[Held], as_json: bool) -> None:
    if as_json:
        print_json([{"name": name, "expires": expires, "path": str(path)} for name, expires, path in held])
        return
    now = datetime.now(UTC)
    rows = [(name, f"{expires:%Y-%m-%d %H:%M}", (expires - now).days, path) for name, expires, path in held]
    print_table(("name", "expires (UTC)", ">days left", "file"), rows, empty="")
