"""Which implementation of the venue serves: the compiled core, or the reference rules.

Both give the same events and the same state for the same commands, in one piece and in parts. The core is
missing only where the package was installed without a C compiler; then the rules serve, slower and no less
right.
"""

from __future__ import annotations

import contextlib
from typing import Final, NamedTuple

from pricetime import rules
from pricetime.errors import SettingError
from pricetime.rules import partitions
from pricetime.runtime.venue import Parts, Venue


class Implementation(NamedTuple):
    """The venue in one piece, and in parts."""

    venue: type[Venue]
    parts: Parts


RULES: Final = Implementation(rules.Venue, Parts(partitions.LedgerPartition, partitions.BookPartition))
"""The reference."""

_FOUND: dict[str, Implementation] = {}
with contextlib.suppress(ImportError):  # installed without a compiler
    from pricetime import core

    _FOUND["core"] = Implementation(core.Venue, Parts(core.LedgerPartition, core.BookPartition))
_FOUND["rules"] = RULES


def available() -> dict[str, type[Venue]]:
    """Return the implementations of this installation by name, the fastest first."""
    return {name: each.venue for name, each in _FOUND.items()}


def pick(choice: str) -> type[Venue]:
    """Return the implementation that the setting ``core`` names; SettingError where it is not installed.

    ``auto`` is the core where there is one, ``compiled`` the core or nothing, ``rules`` the reference.
    """
    return _FOUND[picked(choice)].venue


def pick_parts(choice: str) -> Parts:
    """Return the partitions of the implementation that ``pick`` would return."""
    return _FOUND[picked(choice)].parts


def picked(choice: str) -> str:
    """Return the name of what ``pick`` and ``pick_parts`` return."""
    if choice == "rules":
        return "rules"
    if choice == "compiled" and "core" not in _FOUND:
        raise SettingError(
            "core: the compiled core is not installed. Install a C compiler and pricetime anew, "
            "or set core=rules."
        )
    return next(iter(_FOUND))


def sentence_on(choice: str) -> str:
    """Return what people are told about what matches."""
    if "core" not in _FOUND:
        return "The reference rules match: the compiled core was not installed, for want of a C compiler."
    if picked(choice) == "core":
        return "The compiled core matches."
    return "The reference rules match, as the setting core asks; the compiled core is installed."


def name_of(venue_type: type[Venue]) -> str:
    """Return the name that ``available`` gives an implementation."""
    return next(name for name, each in _FOUND.items() if each.venue is venue_type)
