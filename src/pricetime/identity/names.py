"""Names that people give: tidied once, on the way in, so that all that is stored can be shown as text.

Invariants: a name is in Unicode's composed form (NFC), has no control character, no half of a surrogate
pair and no white space at its ends. It is otherwise free: markup, quotes and SQL are text like any other,
and capital letters make another name.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from pricetime.errors import InvalidUser

USER_NAME_LIMIT: Final = 100
"""Characters of a user name."""

PERSON_NAME_LIMIT: Final = 200
"""Characters of a person's name."""

_LONGEST_COMPOSITION: Final = 4
"""No character is composed of more than this many, so a longer text cannot come under a limit."""


_CONTROLS: Final = frozenset({"Cc", "Zl", "Zp"})
"""Unicode's categories of control characters, and of the two characters that break lines and paragraphs."""


def tidy_user_name(text: str) -> str:
    """Return a user name as it is stored; InvalidUser says what is wrong with it."""
    return _tidy(text, "user name", USER_NAME_LIMIT)


def tidy_person_name(text: str) -> str:
    """Return a person's name as it is stored; InvalidUser says what is wrong with it."""
    return _tidy(text, "name", PERSON_NAME_LIMIT)


def fault_of(text: str, what: str, limit: int) -> str | None:
    """Return a sentence that says why ``text`` cannot be a name of up to ``limit`` characters."""
    if not text:
        return f"The {what} is empty."
    if len(text) > limit:
        return f"The {what} is longer than {limit} characters."
    if text[0].isspace() or text[-1].isspace():
        return f"The {what} begins or ends with white space."
    categories = set(map(unicodedata.category, text))
    if categories & _CONTROLS:
        return f"The {what} has a control character in it."
    if "Cs" in categories:
        return f"The {what} has half of a surrogate pair in it, which is no character."
    return None


def composed(text: str, limit: int) -> str:
    """Return the text in NFC, as far as a name of ``limit`` characters can need it."""
    return unicodedata.normalize("NFC", text[: limit * _LONGEST_COMPOSITION + 1])


def printable(text: str) -> str:
    """Return any text as one that can be stored and shown, for the audit of names that cannot be."""
    return text[:USER_NAME_LIMIT].encode("utf-8", "replace").decode("utf-8")


def _tidy(text: str, what: str, limit: int) -> str:
    name = composed(text, limit)
    if fault := fault_of(name, what, limit):
        raise InvalidUser(fault)
    return name
