"""``pricetime config``: every setting, its value and where the value comes from."""

from __future__ import annotations

import sys

import click

from pricetime.api.page import read_page
from pricetime.cli import options
from pricetime.cli.output import print_json, print_table, say
from pricetime.runtime.implementations import sentence_on
from pricetime.settings import PREFIX, SettingValue, describe

_INTRODUCTION = """\
# Settings

Made by `pricetime config --markdown`; a test keeps it so. A value comes from the default, `pricetime.toml`,
`.env`, the environment or a flag (`--set name=value`); the later of these wins. In `.env` and the
environment a setting is called `PRICETIME_` and its name in capitals, in `pricetime.toml` by its name.

| Setting | Default | Unit | Range | Meaning | Environment |
| --- | --- | --- | --- | --- | --- |
"""


@click.command
@click.option("--markdown", is_flag=True, help="Print the settings reference of the documentation.")
@options.settings
@options.as_json
def command(markdown: bool, data: str | None, chosen: tuple[str, ...], as_json: bool) -> None:
    """List every setting."""
    settings = describe(options.flags_from(chosen, data=data))
    if markdown:
        sys.stdout.write(reference(settings))
    elif as_json:
        print_json([each._asdict() for each in settings])
    else:
        columns = ("name", ">value", "unit", ">default", "range", "source", "meaning")
        rows = [
            (
                each.name,
                _said(each.value),
                each.unit,
                _said(each.default),
                each.range,
                each.source,
                each.meaning,
            )
            for each in settings
        ]
        print_table(columns, rows, empty="")
        values = {each.name: str(each.value) for each in settings}
        say(sentence_on(values["core"]))
        say(read_page(values["page"]).sentence)


def reference(settings: list[SettingValue]) -> str:
    """Return the settings reference in Markdown; it says nothing about the machine it is made on."""
    rows = [
        f"| `{each.name}` | {_code(each.default)} | {each.unit} | {each.range} | {each.meaning} "
        f"| `{PREFIX}{each.name.upper()}` |\n"
        for each in settings
    ]
    return _INTRODUCTION + "".join(rows)


def _code(value: object) -> str:
    return f"`{_said(value)}`" if value != "" else "empty"


def _said(value: object) -> str:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
