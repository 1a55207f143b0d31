"""The generator: random programs of commands that know what is going on in the venue.

It sees what the witness sees, and so it cancels orders that are open and prices orders where they meet
others; now and then it means an order that is closed, unknown or another's. All comes of one seed: a
program depends on it, on its scenario and on the rules, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import Final

from pricetime.oracle.program import END_BATCH, Do, Step
from pricetime.oracle.scenarios import EVERYDAY, Scenario
from pricetime.oracle.witness import Seen, Witness
from pricetime.records import Command, CommandKind, SelfTrade, Side, TimeInForce, commands
from pricetime.records.commands import MOST, Limits
from pricetime.rules.money import MAX_MONEY, MAX_QUANTITY, MAX_TOTAL

_EDGES: Final = (0, -1, 1, 2, MAX_QUANTITY, MAX_QUANTITY + 1, MAX_MONEY, MAX_MONEY + 1, MAX_TOTAL, -(2**63))
_CODES: Final = ("kind", "side", "order_type", "time_in_force", "flags", "self_trade", "reserved")
_NUMBERS: Final = ("actor", "account", "stock", "order", "price", "quantity", "amount")
_REFUSALS: Final = (Do.TEAR, Do.MISVERSION, Do.MISPLACE)
_PILE: Final = 9_230
"""Orders of the greatest quantity: more shares than a side of a book can count."""
_PILE_FROM: Final = 1_001


class Generator:
    """Makes one program. Each kind of command is a method of the name that the weights give it."""

    def __init__(self, scenario: Scenario, random: Random, witness: Witness) -> None:
        self.scenario = scenario
        self.random = random
        self.witness = witness
        self.left = random.randint(*scenario.commands)
        self._made = 0
        weights = EVERYDAY | scenario.weights
        self._kinds = [getattr(self, f"_{kind}") for kind in weights]
        self._weights = list(accumulate(weights.values()))
        ebbing = weights | {"cancel": 8 * weights["place"]}
        self._ebbing_weights = list(accumulate(ebbing.values()))
        self._price = scenario.prices(random)
        self._quantity = scenario.quantities(random)
        self._cash = scenario.cash(random)
        self._shares = scenario.shares(random)
        self._order_gap = scenario.order_gap(random)
        self._accounts: list[int] = []
        self._stocks: list[int] = []
        self._first_stocks: list[int] = []
        self._ticks: dict[int, int] = {}
        self._orders: list[int] = []
        self._owners: dict[int, int] = {}
        self._next_order = self._batch_from = 1
        self._halted: list[int] = []
        self._narrow = False
        self._sent: list[Command] = []

    def program(self) -> Iterator[Step]:
        """Yield the steps; the witness must have seen a batch before the next is asked for."""
        yield from self._opening()
        while self.left > 0:
            yield from self._batch()

    def _opening(self) -> Iterator[Step]:
        scenario, random = self.scenario, self.random
        if scenario.limits:
            yield Step(Do.SEND, commands.set_limits(*scenario.limits))
        tick = scenario.tick(random)
        for _ in range(random.randint(*scenario.stocks)):
            yield Step(Do.SEND, self._new_stock(tick()))
        for _ in range(random.randint(*scenario.accounts)):
            account = self._new_account()
            yield Step(Do.SEND, commands.open_account(account))
            if random.random() < 0.9:
                yield Step(Do.SEND, commands.deposit(account, self._cash()))
            for stock in random.sample(self._stocks, min(4, len(self._stocks))):
                if random.random() < 0.7:
                    yield Step(
                        Do.SEND, commands.grant_shares(account, stock, self._shares()), scenario.grants
                    )
        if random.random() < scenario.piles:
            yield from self._pile()
        self._first_stocks = list(self._stocks)
        yield END_BATCH

    def _pile(self) -> Iterator[Step]:
        """Let so many accounts buy at market that the book cannot count all the shares they want."""
        order = commands.place_order(_PILE_FROM, 1, Side.BUY, MAX_QUANTITY, None)
        yield Step(Do.SEND, commands.open_account(_PILE_FROM), _PILE, apart=True)
        yield Step(Do.SEND, commands.deposit(_PILE_FROM, self._ticks[1]), _PILE, apart=True)
        yield Step(Do.SEND, order._replace(order=self._next_order), _PILE, apart=True)
        self._next_order += _PILE
        self._accounts += (_PILE_FROM, _PILE_FROM + 1, _PILE_FROM + _PILE - 1)
        yield END_BATCH
        account, room = self.random.choice(self._accounts[:2]), MAX_TOTAL % MAX_QUANTITY
        number = self._new_order(account)
        more = commands.place_order(
            account, 1, Side.BUY, self.random.choice((1, room, room + 1)), self._ticks[1]
        )
        yield Step(Do.SEND, more._replace(order=number))
        for quantity in self.random.sample((room - 1, room, room + 1, MAX_QUANTITY), 2):
            yield Step(Do.SEND, commands.amend_order(account, number, quantity=quantity))

    def _batch(self) -> Iterator[Step]:
        scenario, random = self.scenario, self.random
        size = random.randint(*scenario.batch)
        self._batch_from = self._next_order
        ebbing = scenario.tide and self._made // scenario.tide % 2
        weights = self._ebbing_weights if ebbing else self._weights
        for _ in range(size):
            [make] = random.choices(self._kinds, cum_weights=weights)
            if random.random() < 0.05 and (self._halted or self._narrow):
                make = self._resume if self._halted else self._limits
            step = make()
            if step.times == 1 and random.random() < scenario.client_ids:
                step = Step(Do.SEND, step.command._replace(client_id=self._an_id()))
            self._sent.append(step.command)
            yield step
        self.left -= size
        self._made += size
        del self._sent[:-30]
        yield END_BATCH
        if random.random() < scenario.validations:
            yield Step(Do.VALIDATE, random.choice((self._place, self._place, self._spoil))().command)
        if random.random() < scenario.snapshots:
            yield Step(random.choice((Do.RESTORE, Do.SWAP, Do.SWAP)))
        if random.random() < scenario.refusals:
            yield Step(random.choice(_REFUSALS), self._place().command)

    # -------------------------------------------------------------------------- one command each

    def _place(self) -> Step:
        scenario, random = self.scenario, self.random
        stock = self._a_stock()
        side = random.choice((Side.BUY, Side.SELL))
        quantity, price = self._edged(self._quantity()), self._on_tick(stock, self._price_for(side))
        if random.random() < scenario.sweeps:
            quantity, price = self._sweep(stock, side)
        in_force, die = TimeInForce.GTC, random.random()
        if die < scenario.ioc:
            in_force = TimeInForce.IOC
        elif die < scenario.ioc + scenario.fok:
            in_force = TimeInForce.FOK
        at_market = random.random() < scenario.market
        post_only = in_force == TimeInForce.GTC and not at_market and random.random() < scenario.post_only
        policy = random.choice(tuple(SelfTrade)) if random.random() < scenario.policies else SelfTrade.SKIP
        account = self._a_trader(stock, side)
        command = commands.place_order(
            account, stock, side, quantity, None if at_market else self._edged(price),
            time_in_force=in_force, post_only=post_only, self_trade=policy,
        )  # fmt: skip
        return Step(Do.SEND, command._replace(order=self._new_order(account)))

    def _cancel(self) -> Step:
        order = self._an_order()
        if order is None:
            return self._place()
        return Step(Do.SEND, commands.cancel_order(self._owner(order), order))

    def _amend(self) -> Step:
        order = self._an_order()
        if order is None:
            return self._place()
        seen = self.witness.orders.get(order)
        quantity, price = self._amended(seen) if seen else (self._quantity(), self._price())
        return Step(Do.SEND, commands.amend_order(self._owner(order), order, quantity=quantity, price=price))

    def _amended(self, order: Seen) -> tuple[int, int]:
        """Return another quantity, price or both for an open order; 0 keeps what it is."""
        random, filled = self.random, order.quantity - order.remaining
        quantities = (0, order.quantity, order.quantity - 1, order.quantity + 1, filled, filled + 1)
        quantity = random.choice(quantities) if random.random() < 0.8 else self._quantity()
        tick = self._ticks.get(order.stock, 1)
        prices = (0, 0, 0, order.limit, order.limit + tick, order.limit - tick, order.limit + 1)
        price = random.choice(prices) if random.random() < 0.7 else self._on_tick(order.stock, self._price())
        return self._edged(quantity), self._edged(max(0, price))

    def _cancel_all(self) -> Step:
        stock = self._a_stock() if self.random.random() < 0.5 else 0
        return Step(Do.SEND, commands.cancel_all(self._an_account(), stock))

    def _deposit(self) -> Step:
        return Step(Do.SEND, commands.deposit(self._an_account(), self._edged(self._cash())))

    def _withdraw(self) -> Step:
        account = self._an_account()
        free, _ = self.witness.money.get(account, (0, 0))
        amount = self.random.choice((free, free + 1, free // 2, 1, self._cash()))
        return Step(Do.SEND, commands.withdraw(account, self._edged(amount)))

    def _grant(self) -> Step:
        account, stock = self._an_account(), self._a_stock()
        return Step(Do.SEND, commands.grant_shares(account, stock, self._edged(self._shares())))

    def _halt(self) -> Step:
        stock = self._a_stock()
        self._halted.append(stock)
        return Step(Do.SEND, commands.halt_stock(stock))

    def _resume(self) -> Step:
        stock = self._halted.pop() if self._halted else self._a_stock()
        return Step(Do.SEND, commands.resume_stock(stock))

    def _limits(self) -> Step:
        """Move one or two limits for a while, or put all of them back."""
        random = self.random
        limits = list(self.scenario.limits or Limits())
        self._narrow = not self._narrow
        if self._narrow:
            for place in random.sample(range(len(limits)), random.randint(1, 2)):
                limits[place] = random.choice((0, 1, 2, 3, 5, 12, 50, 100, MOST, MOST + 1))
        return Step(Do.SEND, commands.set_limits(*limits))

    def _open(self) -> Step:
        return Step(Do.SEND, commands.open_account(self._edged(self._new_account())))

    def _list(self) -> Step:
        return Step(Do.SEND, self._new_stock(self._edged(self.scenario.tick(self.random)())))

    def _again(self) -> Step:
        """Send an earlier command again, as it was or changed a little."""
        if not self._sent:
            return self._place()
        command = self.random.choice(self._sent)
        if command.kind == CommandKind.PLACE_ORDER:
            command = command._replace(order=self._new_order(command.account))
        if self.random.random() < 0.3:
            name = self.random.choice((*_CODES[1:6], *_NUMBERS[2:], "actor"))
            if name != "order" or command.kind != CommandKind.PLACE_ORDER:
                command = command._replace(**{name: getattr(command, name) % 255 + 1})
        return Step(Do.SEND, command)

    def _spoil(self) -> Step:
        """Put something impossible into one, two or three fields of a command."""
        random = self.random
        command = random.choice((self._place, self._place, *self._kinds[:-1]))().command
        for _ in range(random.randint(1, 3)):
            if random.random() < 0.5:
                changed = {random.choice(_CODES): random.choice((0, 1, 2, 3, 4, 5, 13, 128, 255))}
            else:
                changed = {random.choice(_NUMBERS): random.choice((*_EDGES, random.getrandbits(62)))}
            command = command._replace(**changed)
        if command.kind == CommandKind.PLACE_ORDER and command.order <= 0:
            command = command._replace(order=self._new_order(command.account))
        return Step(Do.SEND, command)

    # ------------------------------------------------------------------------------------- choices

    def _an_id(self) -> bytes:
        return (self.random.randint(1, self.scenario.different_ids) << 64 | 0x5A).to_bytes(16, "big")

    def _an_account(self) -> int:
        random = self.random
        if random.random() < 0.01:
            return random.choice((0, 99, -1, 2**62))
        return self._tried(self._accounts, self.witness.money.__contains__)

    def _a_trader(self, stock: int, side: Side) -> int:
        """Return an account, rather one that has something to trade with."""
        if self.random.random() < 0.1:
            return self._an_account()
        witness = self.witness
        if side == Side.SELL:
            return self._tried(
                self._accounts, lambda account: witness.shares.get((account, stock), (0,))[0] > 0
            )
        return self._tried(self._accounts, lambda account: witness.money.get(account, (0,))[0] > 0)

    def _tried(self, numbers: list[int], wanted: Callable[[int], bool]) -> int:
        """Return one of the numbers, of five the first that is wanted."""
        for _ in range(5):
            number = self.random.choice(numbers)
            if wanted(number):
                break
        return number

    def _a_stock(self) -> int:
        random = self.random
        if random.random() < 0.01:
            return random.choice((0, 99, -1))
        return random.choice(self._stocks if random.random() < 0.05 else self._first_stocks)

    def _an_order(self) -> int | None:
        """Return an open order, at times one of this batch or one that is closed; None: none is open."""
        random, orders = self.random, self._orders
        if random.random() < 0.04:
            return random.choice((self._next_order, random.randint(1, self._next_order), 0, -1))
        for _ in range(min(40, len(orders))):
            place = random.randrange(len(orders))
            order = orders[place]
            if order in self.witness.orders or (order >= self._batch_from and random.random() < 0.1):
                return order
            if order < self._batch_from:
                orders[place] = orders[-1]
                orders.pop()
        return None

    def _owner(self, order: int) -> int:
        owner = self._owners.get(order)
        return owner if owner is not None and self.random.random() < 0.97 else self._an_account()

    def _new_account(self) -> int:
        draw = self.scenario.account_numbers
        number = draw(self.random)() if draw else len(self._accounts) + 1
        self._accounts.append(number)
        return number

    def _new_stock(self, tick: int) -> Command:
        number = len(self._stocks) + 1
        self._stocks.append(number)
        self._ticks[number] = max(1, tick)
        return commands.list_stock(number, tick)

    def _new_order(self, account: int) -> int:
        """Return a new order's number; now and then one that was placed before."""
        if self._orders and self.random.random() < 0.005:
            return self.random.choice(self._orders)
        number = self._next_order
        self._next_order += self._order_gap()
        self._orders.append(number)
        self._owners[number] = account
        return number

    def _price_for(self, side: Side) -> int:
        """Return a price, mostly on the side's own half where the scenario wants books to grow."""
        price, middle = self._price(), self.scenario.middle
        if self.random.random() < self.scenario.resting:
            tries = 8
            while tries and (price <= middle) != (side == Side.BUY):
                price, tries = self._price(), tries - 1
        return price

    def _sweep(self, stock: int, side: Side) -> tuple[int, int]:
        """Return the quantity and price of an order that takes much or all of the other side."""
        bids, asks = self.witness.standing(stock)
        other = asks if side == Side.BUY else bids
        near, reach = [], self.random.choice((1, 2, 5, 40, 10**6))
        for order in other.in_priority():
            near.append(order)
            if len(near) >= reach:
                break
        wanted = sum(order.remaining for order in near) + self.random.choice((-1, 0, 0, 1))
        worst = next((order.limit for order in reversed(near) if order.limit), 0)
        return max(1, min(wanted, MAX_QUANTITY)), worst or self._on_tick(stock, self._price())

    def _on_tick(self, stock: int, price: int) -> int:
        """Return the price on the stock's tick; now and then off it."""
        tick = self._ticks.get(stock, 1)
        if tick == 1 or self.random.random() < 0.01:
            return price
        return max(tick, price - price % tick)

    def _edged(self, number: int) -> int:
        """Return the number; now and then one at the edge instead, and never one beyond 63 bits."""
        return (
            self.random.choice(_EDGES)
            if self.random.random() < self.scenario.edges
            else min(number, MAX_TOTAL)
        )
