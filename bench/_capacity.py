"""``docs/capacity.md``, computed from the cost card of ``bench.services``.

Costs are linear in what is asked for, but for one thing: every process of the API hears every notice, so an
order costs each of them something, however many there are.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from bench._parts import STAND_IN
from bench._table import PAGE, Result, number
from pricetime.services.topology.plan import API, DEFAULT_SCALE, HOSTS
from pricetime.settings import Settings

CAPACITY: Final[Path] = PAGE.with_name("capacity.md")
SERVERS: Final = ("nginx", "rabbitmq", "redis")
SHOWN: Final = {
    "nginx": "nginx",
    "rabbitmq": "RabbitMQ",
    "redis": "Redis",
    "mongodb": "*stand-in for MongoDB*",
}
CASES: Final = ("one at a time", "10 a batch", "100 a batch")
CROWDS: Final = {10_000: CASES[:2], 150_000: CASES[1:]}
"""How many users, and at whose costs: the more orders arrive, the more of them partitions take together."""
FULL: Final = 0.7
"""How much of a core is to be used, so that a burst does not wait long."""
ORDER_EVERY_S: Final = 60
READS_AN_ORDER: Final = 2.5
LOGIN_EVERY_S: Final = 3_600
ARRIVE_WITHIN_S: Final = 600
CHECKS_A_JOURNEY: Final = 2
"""Of passwords: one when registering, one when logging in."""
WIDTH: Final = 118


@dataclass(frozen=True)
class Card:
    """The cost card: by case, what one costs each part."""

    costs: Mapping[str, Mapping[str, Mapping[str, float]]]
    check_us: float
    """Of one password at the cost that is set by default."""

    def cpu_us(self, case: str, part: str) -> float:
        return self.costs[case]["cpu_us"].get(part, 0.0)

    def sum_of(self, case: str, what: str) -> float:
        return sum(self.costs[case][what].values())

    def hearing_us(self, case: str) -> float:
        """What an order costs a process of the API that has nothing to do with it."""
        idle = [self.cpu_us(case, part) for part in ("auth", "portfolio", "market")]
        return sum(idle) / len(idle)

    def own_us(self, case: str, service: str) -> float:
        """What an order costs a service of the API beyond hearing of it."""
        if service != "orders":
            return 0.0
        return max(0.0, self.cpu_us(case, service) - DEFAULT_SCALE[service] * self.hearing_us(case))

    def notices(self, case: str) -> float:
        """Notices an order."""
        return self.costs[case]["delivered"].get("auth", 0.0)


class Need(NamedTuple):
    """What a rate of orders needs."""

    processes: dict[str, int]
    cores: dict[str, float]
    published: float
    delivered: float
    round_trips: float


def need(card: Card, case: str, orders_per_s: float, logins_per_s: float) -> Need:
    """Return what traders need. OverflowError where a process of the API can do nothing but hear."""
    processes, cores = {}, {}
    hearing = orders_per_s * card.hearing_us(case) / 1e6
    if hearing >= FULL:
        raise OverflowError
    for service in API:
        own = orders_per_s * card.own_us(case, service)
        own += orders_per_s * READS_AN_ORDER * max(0.0, card.cpu_us("read", service))
        own += logins_per_s * card.check_us if service == "auth" else 0.0
        processes[service] = max(1, math.ceil(own / 1e6 / (FULL - hearing)))
        cores[service] = own / 1e6 + processes[service] * hearing
    for service in HOSTS:
        cores[service] = orders_per_s * card.cpu_us(case, service) / 1e6
        processes[service] = max(1, math.ceil(cores[service] / FULL))
    door_us = card.cpu_us(case, "nginx") + READS_AN_ORDER * card.cpu_us("read", "nginx")
    cores["nginx"] = orders_per_s * door_us / 1e6
    cores["redis"] = orders_per_s * card.cpu_us(case, "redis") / 1e6
    published = orders_per_s * card.sum_of(case, "published")
    delivered = orders_per_s * (
        sum(card.costs[case]["delivered"].get(service, 0.0) for service in HOSTS)
        + card.notices(case) * sum(processes[service] for service in API)
    )
    messages = card.sum_of(case, "published") + card.sum_of(case, "delivered")
    cores["rabbitmq"] = (published + delivered) * card.cpu_us(case, "rabbitmq") / messages / 1e6
    trips = card.sum_of(case, "round_trips") + READS_AN_ORDER * card.sum_of("read", "round_trips")
    return Need(processes, cores, published, delivered, orders_per_s * trips)


def limits(card: Card, case: str) -> list[tuple[float, str]]:
    """Return the orders a second at which each part of a default topology is full, the first one first."""
    found = [
        (count * FULL * 1e6 / cost, f"`{service}`, {count} process{'es' if count > 1 else ''}")
        for service in HOSTS
        if (cost := card.cpu_us(case, service)) and (count := DEFAULT_SCALE[service])
    ]
    orders = DEFAULT_SCALE["orders"]
    each = card.own_us(case, "orders") / orders + card.hearing_us(case)
    found.append((FULL * 1e6 / each, f"`orders`, {orders} processes"))
    found.append((FULL * 1e6 / card.hearing_us(case), "any other process of the API, by hearing alone"))
    found += [
        (FULL * 1e6 / cost, f"{SHOWN[server]}, on one core")
        for server in SERVERS
        if (cost := card.cpu_us(case, server)) > 1
    ]
    return sorted(found)


# -------------------------------------------------------------------------------------------- the page


def write(results: Sequence[Result]) -> None:
    """Write the page, where the card has been measured."""
    costs = {result.more["case"]: result.more["cost"] for result in results if "case" in result.more}
    checks = [result.value for result in results if result.name == "auth: passwords at cost 12"]
    gains = [result.ratio for result in results if result.name.startswith("engines:")]
    if set(CASES) <= set(costs) and checks and gains:
        CAPACITY.write_text("\n".join(page(Card(costs, 1e6 / checks[0]), gains[0])) + "\n", "utf-8")


def page(card: Card, gain: float | None) -> Iterator[str]:
    """Yield the lines; ``gain``: of two engine hosts over one."""
    yield "# Capacity"
    yield from _prose(
        """
        Written by `make bench` from the cost card that it measures; do not edit. How many cores, messages and
        round trips a number of users needs, where the venue runs as [many services](services.md), and what is
        full first.
        """
    )
    yield from _costs(card)
    yield from _users()
    yield from _traders(card)
    yield from _newcomers(card)
    yield from _limits(card, gain)


def _prose(text: str) -> Iterator[str]:
    """Yield a paragraph, or a list, with an empty line before it."""
    yield ""
    for block in re.split(r"\n(?=- )", textwrap.dedent(text).strip()):
        indent = "  " if block.startswith("- ") else ""
        yield textwrap.fill(" ".join(block.split()), WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _table(headings: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> Iterator[str]:
    yield ""
    yield "| | " + " | ".join(headings) + " |"
    yield "| --- |" + " ---: |" * len(headings)
    for title, cells in rows:
        yield f"| {title} | " + " | ".join(cells) + " |"


def _costs(card: Card) -> Iterator[str]:
    columns = (*CASES, "read", "journey", "a second of nothing")
    trips = card.costs[CASES[0]]["round_trips"]
    yield from ("", "## What it costs")
    yield from _prose(
        """
        Processor time of each part in microseconds: of an order, alone in its request or with others; of a
        read (wallet, portfolio, a page of orders, of executions, stocks); of a newcomer's whole ten steps at
        bcrypt cost 4; and of a second in which nothing is asked, which is taken off the others. There are two
        `orders` and two `engine`, one of each other.
        """
    )
    parts = ("nginx", *API, *HOSTS, "rabbitmq", "redis")
    rows = [
        (_shown(part), [number(card.cpu_us(case, part)) for case in columns]) for part in (*parts, STAND_IN)
    ]
    together = [sum(card.cpu_us(case, part) for part in parts) for case in columns]
    rows.insert(-1, ("**together**", [number(value) for value in together]))
    rows += [
        (title, [*(number(card.sum_of(case, what)) for case in columns[:-1]), ""])
        for what, title in (
            ("published", "messages published"),
            ("delivered", "messages given out"),
            ("round_trips", "round trips to MongoDB"),
        )
    ]
    headings = ("an order, one at a time", "10 a batch", "100 a batch", "a read", "ten steps", "a second")
    yield from _table(headings, rows)
    yield from _prose(
        f"""
        The stand-in for MongoDB is written in Python and as slow as that; a real one is judged by its round
        trips. Of those of a single order {number(trips.get("ledger", 0))} are inserts of ledgers' batches,
        {number(trips.get("engine", 0))} of books', and {number(trips.get("views", 0))} are the views': a save
        is a transaction of three, the position, the rows, the commit. The services of the API make none for
        an order: they answer from what they hear.
        """
    )
    yield from _prose(
        """
        One after the other, an order that is alone waits for six round trips, three inserts and a save, and
        for five messages: to its ledger, to the book, back to the ledger, to the views, to the services.
        Where both are quick, its answer is; all else happens beside that.
        """
    )


def _users() -> Iterator[str]:
    yield from ("", "## Who they are")
    yield from _prose(
        f"""
        - **Traders**, who are there already: each places an order (or cancels one) every {ORDER_EVERY_S} s,
          looks at something {READS_AN_ORDER} times an order, as in the ten steps, and logs in every
          {LOGIN_EVERY_S // 60} minutes.
        - **Newcomers**, who all arrive within {ARRIVE_WITHIN_S // 60} minutes: each registers, logs in,
          pays in, looks around, and places two orders or cancels one, in ten steps. Two take a password.
        """
    )
    yield from _prose(
        f"""
        Cores are counted as {FULL:.0%} full, so that a burst does not wait long. Single orders are the
        dear end: where many arrive, partitions take them together, and the costs go down
        towards those of batches.
        """
    )


def _traders(card: Card) -> Iterator[str]:
    cases = [(users, case) for users, cases in CROWDS.items() for case in cases]
    needs = [_need_of(card, users, case) for users, case in cases]

    def cells(show: Callable[[Need], str]) -> list[str]:
        return [show(each) if each else "–" for each in needs]

    def cores(part: str) -> Callable[[Need], str]:
        return lambda each: f"{each.cores[part] / FULL:.1f}"

    rows = [("orders a second", [number(users / ORDER_EVERY_S) for users, _ in cases])]
    rows += [
        (_shown(part), cells(lambda each, part=part: f"{each.processes[part]} ({cores(part)(each)})"))
        for part in (*API, *HOSTS)
    ]
    rows += [(_shown(part), cells(lambda each, part=part: f"({cores(part)(each)})")) for part in SERVERS]
    rows += [
        ("**cores, without MongoDB**", cells(lambda each: f"**{sum(each.cores.values()) / FULL:,.0f}**")),
        ("messages published a second", cells(lambda each: number(each.published))),
        ("messages given out a second", cells(lambda each: number(each.delivered))),
        ("round trips to MongoDB a second", cells(lambda each: number(each.round_trips))),
    ]
    yield from ("", "## Traders", "", "Processes, and in brackets the cores that they need together.")
    yield from _table([f"{users:,}, {case}" for users, case in cases], rows)
    if None in needs:
        yield from ("", "–: not at these costs. A process of the API would do nothing but hear of orders.")


def _need_of(card: Card, users: int, case: str) -> Need | None:
    try:
        return need(card, case, users / ORDER_EVERY_S, users / LOGIN_EVERY_S)
    except OverflowError:
        return None


def _newcomers(card: Card) -> Iterator[str]:
    cost_us = sum(spent for part, spent in card.costs["journey"]["cpu_us"].items() if part != STAND_IN)
    rates = [users / ARRIVE_WITHIN_S for users in CROWDS]
    checks_us = CHECKS_A_JOURNEY * card.check_us
    rows = [
        ("journeys a second", [number(rate) for rate in rates]),
        ("requests a second", [number(10 * rate) for rate in rates]),
        (
            "cores for passwords, at bcrypt cost 12",
            [f"{rate * checks_us / 1e6 / FULL:,.0f}" for rate in rates],
        ),
        ("cores for all else, without MongoDB", [f"{rate * cost_us / 1e6 / FULL:,.0f}" for rate in rates]),
        (
            "round trips to MongoDB a second",
            [number(rate * card.sum_of("journey", "round_trips")) for rate in rates],
        ),
    ]
    yield from ("", "## Newcomers")
    yield from _table([f"{users:,}" for users in CROWDS], rows)
    yield from _prose(
        f"""
        A password takes {card.check_us / 1e3:,.0f} ms of a core, on purpose: whoever steals the hashes
        has to pay it
        for each guess. So what is full first when many arrive at once is `auth`. Log-ins wait; orders
        of those who
        are in do not.
        """
    )


def _limits(card: Card, gain: float | None) -> Iterator[str]:
    full_us = FULL * 1e6

    def most(part: str, case: str, times: float = 1.0) -> str:
        return number(times * full_us / card.cpu_us(case, part))

    def hearing(case: str) -> str:
        return number(full_us / card.hearing_us(case))

    single, batched = CASES[:2]
    ledgers = Settings().ledgers
    yield from ("", "## What is full first")
    yield from _prose(
        f"""
        Orders a second at which each part of what `pricetime up` starts has its processes {FULL:.0%}
        full, were there
        a core for each:
        """
    )
    yield from ("", f"| {single} | | {batched} | |", "| --- | ---: | --- | ---: |")
    for (alone, part), (together, other) in zip(limits(card, single), limits(card, batched), strict=False):
        yield f"| {part} | {alone:,.0f} | {other} | {together:,.0f} |"
    yield from _prose(
        f"""
        More processes move these: two hosts of engines do {number(gain)} times what one does, where hosts are
        what limits the venue ([benchmarks](benchmarks.md)). But three no number of hosts does:
        """
    )
    yield from _prose(
        f"""
        - **Hearing.** Every process of the API hears every notice. At {hearing(single)} single orders
          a second, or
          {hearing(batched)} in batches, it does nothing else.
        - **Ledgers.** A partition is served by one process. {ledgers} ledgers, as they are by default, take
          {most("ledger", single, ledgers)} single orders a second, or
          {most("ledger", batched, ledgers)} in batches,
          each on a core of its own. How many there are is fixed for the life of a venue (`ledgers`):
          begin with as
          many as it will ever need.
        - **The busiest stock.** Its book is one partition: {most("engine", single)} single orders a
          second, or
          {most("engine", batched)} in batches.
        """
    )
    yield from _prose(
        """
        MongoDB takes an insert for each batch of a partition, and a transaction for each save of a
        partition's
        views. A partition writes one batch after the other, so a slower database makes answers later
        and batches
        larger, not orders fewer: that is how the cost of an order goes down under load.
        """
    )


def _shown(part: str) -> str:
    return SHOWN.get(part, f"`{part}`")
