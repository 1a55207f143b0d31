"""Options and kinds of arguments that verbs share."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import click

from pricetime.settings import Settings, load

F = TypeVar("F", bound=Callable[..., Any])


class MoneyArgument(click.ParamType[Decimal, str]):
    """An amount above zero with up to four decimals."""

    name = "money"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """Return the amount; usage error where it is none."""
        from pricetime.client.money import money_text

        try:
            amount = Decimal(money_text(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not amount:
            self.fail("an amount is above zero", param, ctx)
        return amount


MONEY = MoneyArgument()
QUANTITY = click.IntRange(1, 10**15)


def as_json(verb: F) -> F:
    """Add ``--json``."""
    return click.option("as_json", "--json", is_flag=True, help="Print JSON, for programs.")(verb)


def url(verb: F) -> F:
    """Add ``--url``."""
    return click.option("--url", envvar="PRICETIME_URL", help="The venue's URL; else PRICETIME_URL.")(verb)


def limit(verb: F) -> F:
    """Add ``--limit``."""
    return click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Rows.")(verb)


def settings(verb: F) -> F:
    """Add ``--data`` and ``--set``, which ``settings_from`` reads."""
    verb = click.option("--data", metavar="DIR", help="The venue's folder.")(verb)
    return click.option("chosen", "--set", multiple=True, metavar="NAME=VALUE", help="Any setting.")(verb)


def address(verb: F) -> F:
    """Add ``--host`` and ``--port``."""
    verb = click.option("--port", type=click.IntRange(0, 65_535), help="Port to listen on; default 8080.")(
        verb
    )
    return click.option("--host", help="Address to listen on; default 127.0.0.1.")(verb)


def flags_from(chosen: tuple[str, ...], **named: object) -> dict[str, object]:
    """Return the settings that flags give; the named ones win over ``--set``."""
    pairs = dict(_pair(each) for each in chosen)
    return pairs | {name: value for name, value in named.items() if value is not None}


def settings_from(chosen: tuple[str, ...], **named: object) -> Settings:
    """Return the settings of a verb with ``--set`` and such; SettingError."""
    return load(flags_from(chosen, **named))


def counts_from(scale: tuple[str, ...]) -> dict[str, int]:
    """Return how many of which service are asked for as ``engine=2``."""
    counts = {}
    for each in scale:
        name, _, count = each.partition("=")
        if not count.isdecimal():
            raise click.UsageError(f"a scale is SERVICE=COUNT, not {each!r}")
        counts[name] = int(count)
    return counts


def _pair(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.UsageError(f"--set takes NAME=VALUE, not {text!r}")
    return name.strip(), value
