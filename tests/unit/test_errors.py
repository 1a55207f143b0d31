from __future__ import annotations

import inspect
import re

import pytest

from pricetime import errors
from pricetime.errors import LockedOut, PricetimeError, QueueFull, UserNameTaken


def kinds() -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == errors.__name__
    ]


def drawn() -> dict[str, str]:
    """Return the tree in the module's docstring: the parent of each error."""
    parents: dict[str, str] = {}
    path: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"([│ ├└─]*)([A-Z]\w+Error|[A-Z]\w+)(?= |$)", line):
            depth, name = len(match[1]) // 4, match[2]
            if depth or name == "PricetimeError":
                path[depth] = name
                if depth:
                    parents[name] = path[depth - 1]
    return parents


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    assert drawn() == {
        kind.__name__: kind.__bases__[0].__name__ for kind in kinds() if kind is not PricetimeError
    }


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_every_error_says_what_is_wrong_in_whole_sentences(kind: type[Exception]) -> None:
    assert kind.__doc__
    assert inspect.cleandoc(kind.__doc__).endswith(".")


def test_an_error_without_words_says_its_docstring() -> None:
    assert str(UserNameTaken()) == "This user name is taken. Choose another."


def test_an_error_with_words_says_those() -> None:
    assert str(UserNameTaken("Ada is taken.")) == "Ada is taken."


@pytest.mark.parametrize("kind", [QueueFull, LockedOut])
def test_errors_to_come_back_from_say_when(kind: type[QueueFull] | type[LockedOut]) -> None:
    assert (kind().retry_after_s, kind(retry_after_s=7).retry_after_s) == (1, 7)
