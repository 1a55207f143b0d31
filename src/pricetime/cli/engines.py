"""``pricetime engines``: who hosts what, how busy, and ``drain`` and ``undrain``."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import click

from pricetime.cli import options
from pricetime.cli.output import print_json, print_table, say


@click.group(invoke_without_command=True)
@options.settings
@options.as_json
@click.pass_context
def command(context: click.Context, /, **flags: Any) -> None:
    """Show the hosts of ledgers, books and views; drain one."""
    if context.invoked_subcommand is None:
        context.invoke(show, **flags)
    else:  # the options may stand before the verb or behind it
        context.default_map = {context.invoked_subcommand: flags}


@command.command
@options.settings
@options.as_json
def show(data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Show who hosts what, and how busy they are."""
    from pricetime.services.engines import hosts

    found = hosts(options.settings_from(chosen, data=data))
    if as_json:
        print_json(found)
        return
    rows = [
        (
            each.host,
            each.kind,
            "leaving" if each.is_leaving else "serving",
            _ranges(each.partitions),
            f"{each.batches_per_s:,.0f}",
            f"{each.records_per_s:,.0f}",
            f"{each.lag_s * 1_000:,.1f}",
            each.waiting,
            f"{each.cpu:.0%}",
        )
        for each in found
    ]
    columns = (
        *("host", "kind", "state", "partitions"),
        *(">batches/s", ">records/s", ">lag ms", ">waiting", ">CPU"),
    )
    print_table(columns, rows, empty="No host of ledgers, books or views lives.")


@command.command
@click.argument("host")
@options.settings
@options.as_json
def drain(host: str, data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Give HOST no partitions any more: what it has moves to others, and it runs on."""
    _ask(host, data, chosen, as_json, is_drained=True)


@command.command
@click.argument("host")
@options.settings
@options.as_json
def undrain(host: str, data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """Give HOST partitions again."""
    _ask(host, data, chosen, as_json, is_drained=False)


def _ask(host: str, data: str | None, chosen: tuple[str, ...], as_json: bool, *, is_drained: bool) -> None:
    from pricetime.services.engines import drain

    report = drain(options.settings_from(chosen, data=data), host, is_drained=is_drained)
    if as_json:
        print_json({"host": report.host, "kind": report.kind, "is_drained": is_drained})
    elif is_drained:
        say(f"{host} hosts {len(report.partitions)} partitions, which go to others now.")
    else:
        say(f"{host} is given partitions again.")


def _ranges(partitions: tuple[str, ...]) -> str:
    """Return partitions as people read them: ``book.0-3,7``."""
    numbers: dict[str, list[int]] = {}
    for room, _, number in (name.partition(".") for name in partitions):
        numbers.setdefault(room, []).append(int(number))
    return " ".join(f"{room}.{_runs(sorted(found))}" for room, found in sorted(numbers.items())) or "none"


def _runs(numbers: list[int]) -> str:
    runs = []
    for _, members in groupby(enumerate(numbers), lambda each: each[1] - each[0]):
        run = [number for _, number in members]
        runs.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return ",".join(runs)
