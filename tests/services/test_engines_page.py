"""Who hosts what, for administrators: over the API, and on the page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from tests.support.axe import axe_findings
from tests.support.browser import DESK, keep_picture, running_browser, why_not
from tests.support.member import Admin, got, refused
from tests.support.server import Venue
from tests.support.topology import Topology, eventually
from tests.support.visitor import Visitor

from pricetime.services.offline import create_admin
from pricetime.settings import Settings

_PATIENCE_S = 90


class Many(Venue):
    """A topology, as the helpers of the tests know venues."""

    def __init__(self, topology: Topology) -> None:
        super().__init__(topology.url)
        self._topology = topology

    def add_admin(self, user_name: str, password: str, name: str) -> None:
        mongo_url, certs = self._topology.record.mongo_url, str(self._topology.layout.certs)
        settings = Settings(mongo_url=mongo_url, certs=certs, bcrypt_cost=4)
        with ThreadPoolExecutor(1) as another:  # a browser has its event loop in this thread
            another.submit(create_admin, settings, user_name, password, name).result()
        login = {"user_name": user_name, "password": password}
        with self._topology.client() as client:  # the services give it an account before it can log in
            eventually(lambda: client.post("/v1/sessions", json=login).status_code == 201)


@pytest.fixture
def admin(topology: Topology, monkeypatch: pytest.MonkeyPatch) -> Iterator[Admin]:
    monkeypatch.setenv("SSL_CERT_FILE", str(topology.layout.certs / "ca.pem"))
    with Admin(Many(topology)) as administrator:
        yield administrator


def engines(admin: Admin) -> dict[str, Any]:
    """The hosts of books, by name."""
    return {
        each["host"]: each for each in admin.get_v1("/admin/engines")["hosts"] if each["kind"] == "engine"
    }


def until(admin: Admin, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + _PATIENCE_S
    while not is_so(found := engines(admin)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def shares(found: dict[str, Any]) -> list[int]:
    return [len(each["partitions"]) for each in found.values()]


def test_administrators_see_who_hosts_what_and_drain_a_host(topology: Topology, admin: Admin) -> None:
    told = admin.get_v1("/admin/engines")
    assert (told["ledgers"], told["books"]) == (4, 16)
    assert {each["kind"] for each in told["hosts"]} == {"ledger", "engine", "views"}
    before = until(admin, lambda found: sum(shares(found)) == 16 and all(shares(found)))
    assert before.keys() == {"engine-1", "engine-2"}
    drained = got(admin.v1("POST", "/admin/engines/engine-2/drain"), 202)
    assert drained["host"] == "engine-2"
    after = until(admin, lambda found: shares(found) == [16, 0])
    assert (after["engine-1"]["state"], after["engine-2"]["state"]) == ("serving", "leaving")
    got(admin.v1("POST", "/admin/engines/engine-2/undrain"), 202)
    until(admin, lambda found: sum(shares(found)) == 16 and all(shares(found)))
    acts = admin.get_v1("/admin/audit/users", actor=admin.account)["items"]
    assert [(act["action"], act["subject"]) for act in acts[:2]] == [
        ("host_undrained", "engine-2"),
        ("host_drained", "engine-2"),
    ]
    assert refused(admin.v1("POST", "/admin/engines/engine-99/drain")) == (404, "unknown_host")


@pytest.fixture
def operator(topology: Topology, admin: Admin) -> Iterator[Visitor]:
    """The administrator in front of the page."""
    if reason := why_not():
        pytest.skip(reason)
    expect.set_options(timeout=_PATIENCE_S * 1_000)
    with running_browser() as browser:
        context = browser.new_context(
            viewport=DESK, locale="en-GB", ignore_https_errors=True, bypass_csp=True, reduced_motion="reduce"
        )
        visitor = Visitor(context, topology.url)
        visitor.enter(admin, "/operator/engines")
        yield visitor
        context.close()
    assert visitor.watch.faults == []


def test_the_page_shows_the_hosts_and_drains_one(operator: Visitor, admin: Admin) -> None:
    until(admin, lambda found: sum(shares(found)) == 16 and all(shares(found)))
    stock = admin.list_stock("Hosted")
    [name] = [each["name"] for each in admin.get_v1("/stocks")["items"] if each["stock"] == stock]
    table = operator.panel("Engines").get_by_role("table", name="Hosts of ledgers, books and views")

    def row(host: str) -> Locator:
        return table.get_by_role("row").filter(has=operator.page.get_by_role("cell", name=host, exact=True))

    [owner] = [
        host for host, each in engines(admin).items() if f"book.{int(stock) % 16}" in each["partitions"]
    ]
    [other] = engines(admin).keys() - {owner}
    expect(row(owner)).to_contain_text(name)
    expect(row("ledger-1")).to_contain_text("ledger 0–3")
    expect(row(owner)).to_contain_text("%")  # the rates are known once it has said something twice
    keep_picture(operator.page, "operator-engines-of-many-services")
    assert axe_findings(operator.page) == []
    operator.button("Drain ledger-1").click()
    expect(operator.dialog("Drain ledger-1?")).to_contain_text("There is no other of its kind")
    operator.button("Leave it").click()
    operator.button(f"Drain {owner}").click()
    expect(operator.dialog(f"Drain {owner}?")).to_contain_text("The others of its kind take its partitions")
    operator.dialog(f"Drain {owner}?").get_by_role("button", name="Drain the host").click()
    expect(row(owner)).to_contain_text("Drained")
    expect(row(other)).to_contain_text("book 0–15")
    expect(row(other)).to_contain_text(name)
    operator.button(f"Undrain {owner}").click()
    operator.dialog(f"Undrain {owner}?").get_by_role("button", name="Undrain the host").click()
    expect(row(owner)).to_contain_text("Serving")
    expect(row(owner)).to_contain_text(name)
