"""Which implementation of the venue serves: the compiled core, or the reference rules.

Both give the same events and the same state for the same commands. The core is missing only where the
package was installed without a C compiler; then the rules serve, slower and no less right.
"""

from __future__ import annotations

import contextlib

from pricetime import rules
from pricetime.errors import SettingError
from pricetime.runtime.venue import Venue

_FOUND: dict[str, type[Venue]] = {}
with contextlib.suppress(ImportError):  # installed without a compiler
    from pricetime import core

    _FOUND["core"] = core.Venue
_FOUND["rules"] = rules.Venue


def available() -> dict[str, type[Venue]]:
    """Return the implementations of this installation by name, the fastest first."""
    return dict(_FOUND)


def pick(choice: str) -> type[Venue]:
    """Return the implementation that the setting ``core`` names; SettingError where it is not installed.

    ``auto`` is the core where there is one, ``compiled`` the core or nothing, ``rules`` the reference.
    """
    if choice == "rules":
        return rules.Venue
    if choice == "compiled" and "core" not in _FOUND:
        raise SettingError(
            "core: the compiled core is not installed. Install a C compiler and pricetime anew, "
            "or set core=rules."
        )
    return next(iter(_FOUND.values()))


def sentence_on(choice: str) -> str:
    """Return what people are told about what matches."""
    if "core" not in _FOUND:
        return "The reference rules match: the compiled core was not installed, for want of a C compiler."
    if name_of(pick(choice)) == "core":
        return "The compiled core matches."
    return "The reference rules match, as the setting core asks; the compiled core is installed."


def name_of(venue_type: type[Venue]) -> str:
    """Return the name that ``available`` gives an implementation."""
    return next(name for name, each in _FOUND.items() if each is venue_type)
