"""Every example of docs/rules-of-the-market.md happens as it is told there."""

import re
from pathlib import Path

import pytest
from tests.support.market import FOK, IOC, Market, Reason, SelfTrade, picture

from pricetime.records import Flag
from pricetime.runtime.implementations import available

PAGE = Path(__file__).resolve().parents[2] / "docs" / "rules-of-the-market.md"
EXAMPLES = re.findall(
    r"^## (\d+)\..*?$|^```market\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
)

HAS = re.compile(r"(\w+) has (?:(\d+\.\d\d))?(?: and )?(?:(\d+) shares)?")
PLACES = re.compile(r"(\w+) (buys|sells) (\d+) (?:at market|@ ([\d.]+))(.*)")
CANCELS = re.compile(r"(\w+) cancels (\w)")
AMENDS = re.compile(r"(\w+) amends (\w) to (\d+) @ ([\d.]+)")
OWNS = re.compile(r"(\w+): (.+) (money|shares)")
OPTIONS = {
    "ioc": {"time_in_force": IOC},
    "fok": {"time_in_force": FOK},
    "post-only": {"post_only": True},
    **{policy.name.lower(): {"self_trade": policy} for policy in SelfTrade},
}


class Story:
    """An example, told line by line on a market; every line is checked."""

    def __init__(self, venue_type):
        self.market = Market(venue_type)
        self.orders = {}

    def tell(self, text):
        lines = text.splitlines()
        while lines:
            line = lines.pop(0)
            if "|" in line or line == "(empty book)":
                drawn = [line]
                while lines and "|" in lines[0]:
                    drawn.append(lines.pop(0))
                assert self.market.book() == (picture("\n".join(drawn)) if "|" in line else "")
            else:
                self.tell_line(line)

    def tell_line(self, line):
        deed, _, told = line.partition(" → ")
        if owns := OWNS.fullmatch(deed):
            name, amounts, asset = owns.groups()
            actual = self.market.wallet(name) if asset == "money" else self.market.shares(name)
            assert actual == amounts, line
        elif has := HAS.fullmatch(deed):
            name, cash, shares = has.groups()
            self.market.person(name, cash or "0", int(shares or 0))
        else:
            answer = self.do(deed)
            assert self.outcome(answer) == told, line

    def do(self, deed):
        if places := PLACES.fullmatch(deed):
            return self.place(*places.groups())
        if cancels := CANCELS.fullmatch(deed):
            name, order = cancels.groups()
            return self.market.cancel(name, self.orders[order])
        name, order, quantity, price = AMENDS.fullmatch(deed).groups()
        return self.market.amend(name, self.orders[order], quantity=int(quantity), price=price)

    def place(self, name, verb, quantity, price, rest):
        words, options, label = rest.split(), {}, None
        while words:
            word = words.pop(0)
            if word == "as":
                label = words.pop(0)
            elif word == "id":
                options["client_id"] = int(words.pop(0)).to_bytes(16)
            else:
                options |= OPTIONS[word]
        place = self.market.buy if verb == "buys" else self.market.sell
        answer = place(name, int(quantity), price, **options)
        if label:
            self.orders[label] = answer.order
        return answer

    def outcome(self, answer):
        """What came of a command, in the words of the page; fills are left to the trades."""
        first, told = answer.events[0], []
        if first.flags & Flag.REPEATED:
            told.append("repeated")
        if first.reason:
            told.append(f"denied: {answer.reason.name.lower()}")
        if first.flags & Flag.CUT:
            told.append(f"cut to {answer.quantity}")
        if answer.trades:
            told.append(f"trades {', '.join(answer.trades)}")
        labels = {order: f"{label} " for label, order in self.orders.items()}
        for order, reason in answer.closed.items():
            if reason != Reason.FILLED:
                told.append(f"{labels.get(order, '')}closed: {reason.name.lower()}")
        return "; ".join(told)


def numbered():
    rule = ""
    for heading, text in EXAMPLES:
        rule = heading or rule
        if text:
            yield rule, text


@pytest.mark.parametrize(("rule", "text"), [pytest.param(*each, id=f"rule {each[0]}") for each in numbered()])
@pytest.mark.parametrize("venue_type", available().values(), ids=available())
def test_an_example_of_the_rules_happens_as_told(venue_type, rule, text):
    Story(venue_type).tell(text)


def test_the_page_shows_nine_rules_by_examples():
    assert sorted({int(rule) for rule, _ in numbered()}) == list(range(1, 10))
