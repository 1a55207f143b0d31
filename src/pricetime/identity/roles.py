"""Roles: what a user may do beyond trading in their own account.

=======  ========================================================================
trader   trades, and what the settings open to every signed-in user
lister   also creates stocks and brings shares in where ``open_setup`` is off
admin    everything, and the users and stocks of others
=======  ========================================================================
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from pricetime.errors import InvalidUser


class Role(StrEnum):
    """What a user may do."""

    TRADER = "trader"
    LISTER = "lister"
    ADMIN = "admin"


LISTING: Final = frozenset({Role.LISTER, Role.ADMIN})
"""Roles that may create stocks and bring shares in."""


def role_named(text: str) -> Role:
    """Return the role of this name; InvalidUser lists the roles there are."""
    try:
        return Role(text)
    except ValueError:
        raise InvalidUser(f"There is no role {text!r}; the roles are {', '.join(Role)}.") from None
