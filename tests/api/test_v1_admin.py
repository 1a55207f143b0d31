"""What administrators do at ``/v1``."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable

import pytest
from tests.support.member import Admin, Member, got, new_id, refused
from tests.support.server import Server
from tests.support.trader import Trader

from pricetime.runtime.implementations import name_of, pick
from pricetime.settings import load

NewMember = Callable[..., Member]

ADMIN_ONLY = (
    ("GET", "/admin/users"),
    ("PATCH", "/admin/users/1"),
    ("POST", "/admin/stocks/1/halt"),
    ("POST", "/admin/stocks/1/resume"),
    ("GET", "/admin/audit"),
    ("GET", "/admin/audit/users"),
    ("GET", "/admin/state"),
    ("POST", "/admin/journal/verification"),
    ("GET", "/admin/journal/verification"),
    ("GET", "/admin/engines"),
    ("POST", "/admin/engines/engine-1/drain"),
    ("POST", "/admin/engines/engine-1/undrain"),
)


@pytest.mark.parametrize(("method", "path"), ADMIN_ONLY)
def test_only_administrators_may(member: Member, method: str, path: str) -> None:
    body = {"role": "admin"} if method == "PATCH" else None
    assert refused(member.v1(method, path, body)) == (403, "not_allowed")


def test_users_are_listed_by_account_and_paged(admin: Admin, new_member: NewMember) -> None:
    mine = [new_member().account for _ in range(3)]
    accounts: list[str] = []
    query: dict[str, object] = {"limit": 2}
    while True:
        page = admin.get_v1("/admin/users", **query)
        accounts += [user["account"] for user in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert accounts == sorted(accounts, key=int)
    assert set(mine) <= set(accounts)
    assert "password" not in str(admin.get_v1("/admin/users"))


def test_users_are_found_by_how_their_names_begin(admin: Admin, member: Member) -> None:
    found = admin.get_v1("/admin/users", search=member.user_name.upper()[:-2])["items"]
    assert member.account in [user["account"] for user in found]
    assert admin.get_v1("/admin/users", search="nobody is called so")["items"] == []


def test_the_audits_are_filtered_by_time_and_actor(admin: Admin, member: Member) -> None:
    member.deposit("1")
    [row] = admin.get_v1("/admin/audit", actor=member.account, kind="deposit")["items"]
    time = row["time"]
    assert admin.get_v1("/admin/audit", account=member.account, kind="deposit", start=time)["items"] == [row]
    assert admin.get_v1("/admin/audit", account=member.account, kind="deposit", end=time)["items"] == []
    [login] = admin.get_v1("/admin/audit/users", actor=member.account, action="login")["items"]
    times = {"start": login["time"], "end": "2100-01-01T00:00:00Z"}
    assert login in admin.get_v1("/admin/audit/users", actor=member.account, **times)["items"]
    assert login not in admin.get_v1("/admin/audit/users", end=login["time"], limit=1000)["items"]


def test_a_new_role_ends_the_tokens_that_carry_the_old_one(admin: Admin, member: Member) -> None:
    changed = got(admin.v1("PATCH", f"/admin/users/{member.account}", {"role": "lister"}), 200)
    assert (changed["account"], changed["role"]) == (member.account, "lister")
    assert refused(member.v1("GET", "/me")) == (401, "token_invalid")
    member.log_in()
    assert member.get_v1("/me")["role"] == "lister"


def test_a_user_who_is_disabled_cannot_come_in(admin: Admin, member: Member) -> None:
    got(admin.v1("PATCH", f"/admin/users/{member.account}", {"disabled": True}))
    assert refused(member.v1("GET", "/me")) == (401, "token_invalid")
    login = {"user_name": member.user_name, "password": member.password}
    assert refused(member.v1("POST", "/sessions", login)) == (403, "not_allowed")
    got(admin.v1("PATCH", f"/admin/users/{member.account}", {"disabled": False}))
    member.log_in()


def test_a_change_of_nothing_or_of_nobody_is_refused(admin: Admin, member: Member) -> None:
    assert refused(admin.v1("PATCH", f"/admin/users/{member.account}", {}))[0] == 400
    assert refused(admin.v1("PATCH", f"/admin/users/{member.account}", {"role": "king"}))[0] == 400
    assert refused(admin.v1("PATCH", "/admin/users/999999999", {"role": "trader"})) == (404, "unknown_user")


def test_a_halted_stock_takes_cancels_only(admin: Admin, seller: Member, stock: str) -> None:
    placed = seller.placed(stock, "sell", 5, "20")
    assert got(admin.v1("POST", f"/admin/stocks/{stock}/halt"), 200)["halted"] is True
    assert seller.get_v1(f"/stocks/{stock}")["halted"] is True
    assert refused(seller.place(stock, "sell", 5, "20")) == (422, "stock_halted")
    amend = seller.v1("PATCH", f"/orders/{placed['order']}", {"quantity": 1})
    assert refused(amend) == (422, "stock_halted")
    assert got(seller.v1("DELETE", f"/orders/{placed['order']}"))["already_closed"] is False
    assert got(admin.v1("POST", f"/admin/stocks/{stock}/resume"), 200)["halted"] is False
    assert seller.placed(stock, "sell", 5, "20")["status"] == "open"


def test_halting_an_unknown_stock_is_not_found(admin: Admin) -> None:
    assert refused(admin.v1("POST", "/admin/stocks/999999999/halt")) == (404, "unknown_stock")


def test_the_audit_of_commands_shows_deposits_and_denials(admin: Admin, seller: Member, stock: str) -> None:
    seller.deposit("12.5")
    assert refused(seller.place(stock, "sell", 1_000, "20"))[0] == 422
    rows = admin.get_v1("/admin/audit", account=seller.account)["items"]
    told = [(row["kind"], row["denied"]) for row in rows]
    assert told[:3] == [("place_order", "insufficient_shares"), ("deposit", None), ("grant_shares", None)]
    assert rows[1]["amount"] == "12.50"
    assert rows[1]["actor"] == seller.account
    denied = admin.get_v1("/admin/audit", account=seller.account, denied="true")["items"]
    assert denied == rows[:1]
    deposits = admin.get_v1("/admin/audit", account=seller.account, kind="deposit")["items"]
    assert deposits == rows[1:2]


def test_the_audit_of_users_shows_log_ins_and_roles(admin: Admin, member: Member) -> None:
    got(admin.v1("PATCH", f"/admin/users/{member.account}", {"role": "lister"}))
    acts = admin.get_v1("/admin/audit/users", limit=100)["items"]
    mine = [(row["action"], row["actor"]) for row in acts if row["subject"] == member.user_name]
    assert mine[0] == ("role_changed", admin.account)
    assert ("login", member.account) in mine
    assert admin.get_v1("/admin/audit/users", actor=member.account, action="login")["items"]


@pytest.mark.embedded
def test_the_state_counts_what_was_done(admin: Admin, buyer: Member, stock: str) -> None:
    before = admin.get_v1("/admin/state")
    buyer.placed(stock, "buy", 1, "1", client_order_id=new_id())
    after = admin.get_v1("/admin/state")
    assert (before["state"], before["rules"]) == ("running", name_of(pick(load().core)))
    assert after["sequence"] == before["sequence"] + 1
    assert after["events"] > before["events"]
    assert after["batches"] == before["batches"] + 1


def verified(admin: Admin) -> dict[str, object]:
    """Verify the journal, and return how it ended."""
    began = admin.v1("POST", "/admin/journal/verification")
    assert (began.status_code, got(began)["state"]) == (202, "running")
    deadline = time.monotonic() + 30
    while (found := admin.get_v1("/admin/journal/verification"))["state"] == "running":
        assert time.monotonic() < deadline, found
    return found


def test_a_journal_is_verified_while_the_venue_runs_and_a_changed_byte_shows(
    start_server: Callable[..., Server],
) -> None:
    venue = start_server()
    with Admin(venue) as admin, Member(venue.url, money="10") as member:
        assert admin.get_v1("/admin/journal/verification")["state"] == "none"
        for _ in range(40):
            member.deposit("1")
        batches = admin.get_v1("/admin/state")["batches"]
        passed = verified(admin)
        assert (passed["state"], passed["batches_done"], passed["batches_total"]) == (
            "passed",
            batches,
            batches,
        )
        assert passed["detail"] == f"All {batches} batches carry the hashes they should."

        with contextlib.closing(sqlite3.connect(venue.data / "journal.db")) as journal, journal:
            [(events,)] = journal.execute("SELECT events FROM batches WHERE number = 20")
            changed = events[:70] + bytes([events[70] ^ 1]) + events[71:]
            journal.execute("UPDATE batches SET events = ? WHERE number = 20", (changed,))
        failed = verified(admin)
        assert (failed["state"], failed["batches_done"]) == ("failed", 19)
        assert "batch 20 was changed" in str(failed["detail"])
        member.deposit("1")  # the venue goes on; its operator decides


def test_listers_and_administrators_set_up_where_open_setup_is_off(
    start_server: Callable[..., Server],
) -> None:
    venue = start_server(open_setup=False)
    with Admin(venue) as admin, Member(venue.url) as member, Trader(venue.url) as trader:
        assert refused(member.v1("POST", "/stocks", {"name": "Google"})) == (403, "not_allowed")
        assert trader.post("/setup/createStock", {"stock_name": "Google"}).status_code == 403
        got(admin.v1("PATCH", f"/admin/users/{member.account}", {"role": "lister"}))
        member.log_in()
        assert member.list_stock()
        token = admin.session["access_token"]
        assert trader.post("/setup/createStock", {"stock_name": "Google"}, token=token).status_code == 200


@pytest.mark.embedded
def test_a_venue_of_one_process_has_no_hosts_and_says_so(admin: Admin) -> None:
    assert admin.get_v1("/admin/engines") == {"ledgers": None, "books": None, "hosts": []}
    for verb in ("drain", "undrain"):
        assert refused(admin.v1("POST", f"/admin/engines/engine-1/{verb}")) == (404, "unknown_host")
