from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricetime.errors import InvalidUser
from pricetime.identity.names import (
    PERSON_NAME_LIMIT,
    USER_NAME_LIMIT,
    printable,
    tidy_person_name,
    tidy_user_name,
)


@pytest.mark.parametrize(
    "name",
    [
        "ada",
        "Ada Lovelace",
        "<script>alert(1)</script>",
        "'; DROP TABLE users; --",
        "阿达",
        "👩‍🔬",
        "a" * USER_NAME_LIMIT,
    ],
)
def test_a_name_that_is_text_is_kept_as_it_is(name: str) -> None:
    assert tidy_user_name(name) == name


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "The user name is empty."),
        ("a" * 101, "The user name is longer than 100 characters."),
        ("a" * 1_000_000, "The user name is longer than 100 characters."),
        (" ada", "The user name begins or ends with white space."),
        ("ada\u2003", "The user name begins or ends with white space."),
        ("ada\n", "The user name begins or ends with white space."),
        ("a\0da", "The user name has a control character in it."),
        ("a\x7fda", "The user name has a control character in it."),
        ("a\u2028da", "The user name has a control character in it."),
        ("a\ud800da", "The user name has half of a surrogate pair in it, which is no character."),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_sentence(name: str, fault: str) -> None:
    with pytest.raises(InvalidUser) as caught:
        tidy_user_name(name)
    assert str(caught.value) == fault


def test_a_name_typed_in_parts_is_the_name_typed_whole() -> None:
    assert tidy_user_name("Zoe\u0308") == tidy_user_name("Zo\u00eb")


def test_a_name_is_measured_after_composition() -> None:
    assert tidy_user_name("e\u0301" * USER_NAME_LIMIT) == "\u00e9" * USER_NAME_LIMIT


def test_capital_letters_make_another_name() -> None:
    assert tidy_user_name("Ada") != tidy_user_name("ada")


def test_a_persons_name_may_be_longer() -> None:
    assert len(tidy_person_name("x" * PERSON_NAME_LIMIT)) == PERSON_NAME_LIMIT
    with pytest.raises(InvalidUser, match="The name is longer than 200 characters"):
        tidy_person_name("x" * (PERSON_NAME_LIMIT + 1))


@given(st.text(st.characters(), max_size=150))
def test_whatever_is_accepted_can_be_stored_and_is_not_changed_again(text: str) -> None:
    try:
        name = tidy_user_name(text)
    except InvalidUser:
        return
    assert 1 <= len(name.encode()) <= 4 * USER_NAME_LIMIT
    assert tidy_user_name(name) == name


@given(st.text(st.characters(exclude_categories=[]), max_size=150))
def test_whatever_is_typed_can_be_shown_in_the_audit(text: str) -> None:
    assert len(printable(text).encode()) <= 4 * USER_NAME_LIMIT
