"""Pictures of every page for the docs: desk and phone, light and dark. ``make pictures`` runs it.

The market is seeded and lively; somebody trades in it, and is an administrator so that all pages are theirs.
Times and the last digits of prices differ from run to run, what is to be seen does not.
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, Page
from tests.support.browser import DESK, PHONE, running_browser, why_not
from tests.support.crowd import Crowd
from tests.support.member import Admin
from tests.support.pages import tour
from tests.support.server import Server, serve
from tests.support.visitor import Visitor

FOLDER: Final = Path("docs/pictures")
SEED: Final = 7
LIVELY_S: Final = 150
"""How long the market has moved when the first picture is taken."""

_COLOURS: Final = 128
_SIZES: Final = {
    "desk": {"viewport": DESK},
    "phone": {"viewport": PHONE, "is_mobile": True, "has_touch": True},
}


class Owner(Admin):
    """Who is to be seen in the pictures."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, "ada", "Ada Lindqvist")
        self._random = Random(SEED)

    def settle_in(self, crowd: Crowd) -> None:
        """Bring money in, and buy some shares."""
        self.deposit("250000")
        for stock in list(crowd.stocks.values())[:4]:
            self.place(stock, "buy", 150, time_in_force="ioc")

    def trade(self, stock: str) -> None:
        """Do a little at the prices of the moment: take, and leave orders on both sides."""
        quotes = self.get_v1(f"/stocks/{stock}")
        bid, ask = quotes["best_bid"], quotes["best_ask"]
        if bid is None or ask is None:
            return
        shares = self._random.randint(5, 40)
        self.place(stock, self._random.choice(("buy", "sell")), shares, time_in_force="ioc")
        if self._random.random() < 0.3:
            self.wait_near(stock)

    def wait_near(self, stock: str) -> None:
        """Leave an order on either side, not far from the best."""
        quotes = self.get_v1(f"/stocks/{stock}")
        for side, best, away in (("buy", "best_bid", 0.9985), ("sell", "best_ask", 1.0015)):
            if quotes[best] is not None:
                price = f"{float(quotes[best]) * away:.2f}"
                self.place(stock, side, self._random.randint(5, 40), price)


@contextmanager
def demonstration() -> Iterator[tuple[Server, Crowd, Owner]]:
    """Run a venue with a market that has moved for a while."""
    with (
        tempfile.TemporaryDirectory(prefix="pricetime-pictures-") as folder,
        serve(Path(folder) / "data") as venue,
        Owner(venue) as owner,
        Crowd(venue.url, seed=SEED, rate=80) as crowd,
    ):
        owner.settle_in(crowd)
        stocks = list(crowd.stocks.values())
        end = monotonic() + LIVELY_S
        while monotonic() < end:
            owner.trade(stocks[int(monotonic()) % 4])
            crowd.wait_for(placed=crowd.placed + 100)
        yield venue, crowd, owner


def main() -> int:
    """Take all pictures anew."""
    if reason := why_not():
        print(f"pictures: {reason}", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with demonstration() as (venue, crowd, owner), running_browser() as browser:
        stock = crowd.stocks["Brightwater"]
        for size in _SIZES:
            for colours in ("light", "dark"):
                _take(browser, venue, owner, stock, size, colours)
    total = sum(picture.stat().st_size for picture in FOLDER.glob("*.png"))
    print(f"pictures: {len(list(FOLDER.glob('*.png')))} in {FOLDER}, {total / 1e6:.1f} MB")
    return 0


def _take(browser: Browser, venue: Server, owner: Owner, stock: str, size: str, colours: str) -> None:
    context = browser.new_context(
        **_SIZES[size], color_scheme=colours, reduced_motion="reduce", locale="en-GB", timezone_id="UTC"
    )
    visitor = Visitor(context, venue.url)
    for place in tour(visitor, owner, stock):
        if place.name == "stock":
            owner.v1("DELETE", f"/orders?stock={stock}")
            owner.wait_near(stock)
            _prepare_ticket(visitor, size, colours)
        if place.name == "operator-journal":
            visitor.button("Verify the chain").click()
            visitor.page.get_by_text("The chain is whole").wait_for()
            visitor.button("Verify the chain").wait_for()
        _keep(visitor.page, f"{place.name}-{size}-{colours}")
    context.close()


def _prepare_ticket(visitor: Visitor, size: str, colours: str) -> None:
    """Fill the ticket in, so that its preview is seen; on a phone each part has a picture of its own."""
    visitor.page.get_by_text("1s", exact=True).click()
    if size == "desk":
        visitor.fill_ticket("Buy", 40)
        return
    for tab in ("Book", "Trades", "Ticket"):
        visitor.page.get_by_role("tab", name=tab).tap()
        if tab == "Ticket":
            visitor.fill_ticket("Buy", 40)
        visitor.page.wait_for_timeout(500)
        _keep(visitor.page, f"stock-{tab.lower()}-{size}-{colours}")
    visitor.page.get_by_role("tab", name="Chart").tap()


def _keep(page: Page, name: str) -> None:
    """Keep what is in view, in few colours, which a page of plain areas does not mind."""
    page.wait_for_timeout(700)  # the charts have drawn
    while (dismiss := page.get_by_role("button", name="Dismiss")).count():
        dismiss.first.click()
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    few = picture.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())
