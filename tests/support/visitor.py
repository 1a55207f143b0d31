"""People in front of the page. They act by role and label, as people do, never by selectors.

``says`` asks the API in the same session, so that what a person sees can be compared with what is so.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as TookTooLong
from tests.support.browser import NOT_SIGNED_IN, Watch
from tests.support.member import Member
from tests.support.trader import PASSWORD, unique


class Visitor:
    """Somebody with a browser of their own; not signed in to begin with."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.watch = Watch(context)
        self.user_name = ""
        self.page: Page = context.new_page()

    # ----------------------------------------------------------------------------------------- finding

    def button(self, name: str | re.Pattern[str], **how: Any) -> Locator:
        return self.page.get_by_role("button", name=name, **how)

    def link(self, name: str | re.Pattern[str], **how: Any) -> Locator:
        return self.page.get_by_role("link", name=name, **how)

    def field(self, label: str, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_label(label, exact=True)

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name)

    def panel(self, title: str) -> Locator:
        """Return a titled part of the page."""
        return self.page.get_by_role("region", name=title, exact=True)

    def dialog(self, title: str) -> Locator:
        return self.page.get_by_role("dialog", name=title)

    def is_signed_in(self) -> None:
        """Wait until the page says who is."""
        expect(self.button(re.compile("^Account "))).to_be_visible()

    # ------------------------------------------------------------------------------------------ acting

    def open(self, path: str) -> None:
        """Go to an address. Without a session the page hears once that nobody is signed in."""
        if not self.user_name:
            self.watch.expect(NOT_SIGNED_IN)
        self.page.goto(self.url + path)

    def go(self, page: str) -> None:
        """Go to another page by the navigation."""
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=page).click()
        expect(self.page.get_by_role("heading", level=1, name=page)).to_be_visible()

    def register(self, name: str = "A Visitor", user_name: str | None = None) -> None:
        """Register at the form that is open, and arrive where it leads."""
        user_name = user_name or unique("visitor")
        self.field("Your name").fill(name)
        self.field("User name").fill(user_name)
        self.field("Password").fill(PASSWORD)
        self.button("Register").click()
        self.is_signed_in()
        self.user_name = user_name

    def sign_in(self, user_name: str, password: str = PASSWORD) -> None:
        """Sign in at the form that is open, and arrive where it leads."""
        self.field("User name").fill(user_name)
        self.field("Password").fill(password)
        self.button("Sign in").click()
        self.is_signed_in()
        self.user_name = user_name

    def enter(self, member: Member, path: str = "/market") -> None:
        """Be a member who has signed in before, and open a page."""
        login = {"user_name": member.user_name, "password": member.password}
        answer = self.context.request.post(f"{self.url}/v1/web/session", data=login)
        assert answer.ok, answer.text()
        self.user_name = member.user_name
        self.open(path)
        self.is_signed_in()

    def is_connected(self, how: str | re.Pattern[str] = "Live") -> None:
        """Wait until the page says how it is connected."""
        expect(self.page.get_by_role("banner").get_by_text(how)).to_be_visible(timeout=20_000)

    # ----------------------------------------------------------------------------------------- trading

    @property
    def ticket(self) -> Locator:
        return self.page.get_by_role("form", name="Ticket")

    def open_stock(self, stock: str) -> None:
        """Go to the page of a stock, and wait for its book."""
        self.open(f"/stocks/{stock}")
        expect(self.panel("Order book")).not_to_contain_text("Loading")

    def deposit(self, amount: str) -> None:
        """Bring money in, from whatever page is open."""
        self.go("Wallet")
        self.field("Amount to deposit").fill(amount)
        self.panel("Deposit").get_by_role("button", name="Deposit", exact=True).click()
        self.is_told("Deposited")

    def fill_ticket(self, side: str, quantity: int, price: str | None = None) -> None:
        """Write an order, at market without a price, and do not send it."""
        self.ticket.get_by_text(side, exact=True).click()
        self.ticket.get_by_text("Market" if price is None else "Limit", exact=True).click()
        if price is not None:
            self.field("Price", self.ticket).fill(price)
        self.field("Quantity", self.ticket).fill(str(quantity))

    @property
    def send(self) -> Locator:
        """The button that sends the ticket; it says what it will send."""
        return self.ticket.get_by_role("button", name=re.compile(r"^(Buy|Sell|Place|Sending)"))

    def place(self, side: str, quantity: int, price: str | None = None) -> None:
        """Send an order, and wait for what became of it."""
        self.fill_ticket(side, quantity, price)
        self.send.click()
        expect(self.field("Quantity", self.ticket)).to_have_value("")
        on_its_way = self.panel("Your orders").get_by_text(re.compile("^(Sending|Asking)"))
        expect(on_its_way).to_have_count(0)

    def has_open(self, *orders: str) -> None:
        """Wait until these are the open orders beside the ticket, newest first, as ``buy 7 at 9.50``.

        A row is there as soon as its order is sent; what the venue has can be cancelled.
        """
        own = self.panel("Your orders")
        cancels = own.get_by_role("button", name=re.compile("^Cancel "))
        expect(cancels).to_have_count(len(orders))
        for at, order in enumerate(orders):
            expect(cancels.nth(at)).to_have_accessible_name(f"Cancel {order}")
        expect(own.get_by_role("listitem")).to_have_count(len(orders))

    def is_told(self, text: str | re.Pattern[str]) -> None:
        """Wait for a notification, and close all that are there."""
        corner = self.page.get_by_role("region", name="Notifications")
        expect(corner).to_contain_text(text)
        dismiss = corner.get_by_role("button", name="Dismiss")
        while dismiss.count():
            try:
                dismiss.first.click(timeout=1_000)
            except TookTooLong:  # the last one has gone by itself meanwhile
                expect(dismiss).to_have_count(0)

    # ------------------------------------------------------------------------------------------ asking

    def says(self, path: str, **query: Any) -> Any:
        """Return what the API says in this session."""
        answer = self.context.request.get(f"{self.url}/v1{path}", params=query)
        assert answer.ok, answer.text()
        return answer.json()
