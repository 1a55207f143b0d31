"""Users and sessions of ``/v1``."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.member import Member, got, refused
from tests.support.trader import PASSWORD, Guest, unique


def test_registering_gives_an_account_and_no_session(guest: Guest) -> None:
    name = unique("ada")
    answer = guest.v1("POST", "/users", {"user_name": name, "password": PASSWORD, "name": "Ada Lovelace"})
    user = got(answer, 201)
    assert (user["user_name"], user["name"], user["role"]) == (name, "Ada Lovelace", "trader")
    assert user["disabled"] is False
    assert user["created_at"].endswith("Z")
    assert refused(guest.v1("GET", "/me")) == (401, "token_invalid")


def test_a_taken_user_name_is_a_conflict(member: Member, guest: Guest) -> None:
    again = {"user_name": member.user_name, "password": PASSWORD, "name": "Another"}
    assert refused(guest.v1("POST", "/users", again)) == (409, "user_name_taken")


def test_a_short_password_is_refused(guest: Guest) -> None:
    user = {"user_name": unique("u"), "password": "short", "name": "n"}
    assert refused(guest.v1("POST", "/users", user)) == (400, "weak_password")


def test_names_are_kept_as_text(guest: Guest) -> None:
    name = unique("<script>alert(1)</script>'; DROP TABLE users; --")
    user = {"user_name": name, "password": PASSWORD, "name": "<b>Bobby</b>"}
    answer = guest.v1("POST", "/users", user)
    assert answer.headers["content-type"] == "application/json"
    assert got(answer)["user_name"] == name
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_me_is_whom_the_session_belongs_to(member: Member) -> None:
    assert member.get_v1("/me")["account"] == member.account


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(member: Member, guest: Guest) -> None:
    answers = [
        guest.v1("POST", "/sessions", {"user_name": name, "password": "wrong password"})
        for name in (member.user_name, unique("nobody"))
    ]
    assert [refused(answer) for answer in answers] == [(401, "wrong_password")] * 2
    details = {answer.json()["detail"] for answer in answers}
    assert len(details) == 1


def test_a_session_has_short_access_and_a_refresh_token(member: Member) -> None:
    assert member.session["token_type"] == "Bearer"
    assert member.session["expires_in_s"] == 900


def test_a_refresh_token_brings_new_tokens_once(member: Member, guest: Guest) -> None:
    refresh = {"refresh_token": member.session["refresh_token"]}
    new = got(guest.v1("POST", "/sessions/refresh", refresh), 200)
    bearer = {"authorization": f"Bearer {new['access_token']}"}
    assert got(guest.v1("GET", "/me", **bearer))["account"] == member.account
    assert refused(guest.v1("POST", "/sessions/refresh", refresh)) == (401, "token_invalid")


def test_logging_out_ends_the_token_and_its_refresh(member: Member, guest: Guest) -> None:
    answer = member.v1("DELETE", "/sessions/current")
    assert (answer.status_code, answer.content) == (204, b"")
    assert refused(member.v1("GET", "/me")) == (401, "token_invalid")
    refresh = {"refresh_token": member.session["refresh_token"]}
    assert refused(guest.v1("POST", "/sessions/refresh", refresh)) == (401, "token_invalid")


def test_changing_the_password_ends_every_session_but_the_new_one(
    member: Member, guest: Guest, new_member: Callable[..., Member]
) -> None:
    change = {"old_password": PASSWORD, "new_password": "another good password"}
    session = got(member.v1("POST", "/me/password", change), 200)
    assert refused(member.v1("GET", "/me")) == (401, "token_invalid")
    bearer = {"authorization": f"Bearer {session['access_token']}"}
    assert got(guest.v1("GET", "/me", **bearer))["account"] == member.account
    login = {"user_name": member.user_name, "password": PASSWORD}
    assert refused(guest.v1("POST", "/sessions", login)) == (401, "wrong_password")


def test_changing_the_password_needs_the_old_one(member: Member) -> None:
    change = {"old_password": "not the old one", "new_password": "another good password"}
    assert refused(member.v1("POST", "/me/password", change)) == (401, "wrong_password")
    assert member.get_v1("/me")["account"] == member.account
