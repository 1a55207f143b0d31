"""The ledger: who owns what, free and held.

Invariants, kept by every method and checked by ``check``:

* no balance is ever negative;
* free and held money of all accounts together equal what was deposited less what was withdrawn, less what
  is passing;
* free and held shares of a stock over all accounts equal what was granted, less what is passing.

A hold moves money or shares from free to held, a release moves them back, and settlement takes them
from the held of one account to the free of the other. Each half of a settlement stands for itself, since
buyer and seller may be in different ledgers: what one half has taken out and no other half has put in here
is *passing*. In a ledger of all accounts nothing is passing between commands; over all ledgers of a venue
what is passing is on its way between them. The ledger knows nothing of books: an order tells it what it
holds.
"""

from __future__ import annotations

from typing import Final

from pricetime.rules.money import MAX_TOTAL


class Holding:
    """Shares of one stock in one account."""

    __slots__ = ("free", "held")

    def __init__(self, free: int = 0, held: int = 0) -> None:
        self.free = free
        self.held = held


class Account:
    """Money and shares of one participant; ``held`` money belongs to open buys."""

    __slots__ = ("free", "held", "holdings", "number")

    def __init__(self, number: int, free: int = 0, held: int = 0) -> None:
        self.number: Final = number
        self.free = free
        self.held = held
        self.holdings: dict[int, Holding] = {}

    def holding(self, stock: int) -> Holding:
        """Return the holding in a stock, made empty where there was none."""
        holding = self.holdings.get(stock)
        if holding is None:
            holding = self.holdings[stock] = Holding()
        return holding

    def free_shares(self, stock: int) -> int:
        """Return the shares of a stock that are free to sell."""
        holding = self.holdings.get(stock)
        return holding.free if holding else 0


class Ledger:
    """Accounts, and what has come in of each asset, of which there is never more than ``most``."""

    def __init__(self, most: int = MAX_TOTAL) -> None:
        self.most: Final = most
        self.accounts: dict[int, Account] = {}
        self.money = 0
        self.shares: dict[int, int] = {}
        self.passing_money = 0
        """Paid by accounts here and not received by others here; below zero where more was received."""
        self.passing_shares: dict[int, int] = {}
        """The same of each stock's shares."""

    def open(self, number: int) -> Account:
        """Open an account, empty."""
        account = self.accounts[number] = Account(number)
        return account

    def deposit(self, account: Account, amount: int) -> bool:
        """Bring money in; False, and nothing done, where more would have come in than may."""
        if self.money + amount > self.most:
            return False
        self.money += amount
        account.free += amount
        return True

    def withdraw(self, account: Account, amount: int) -> bool:
        """Take free money out; False, and nothing done, where there is too little."""
        if account.free < amount:
            return False
        self.money -= amount
        account.free -= amount
        return True

    def grant(self, account: Account, stock: int, quantity: int) -> bool:
        """Bring shares in; False, and nothing done, where more would have come in than may."""
        listed = self.shares[stock]
        if listed + quantity > self.most:
            return False
        self.shares[stock] = listed + quantity
        account.holding(stock).free += quantity
        return True

    def hold_money(self, account: Account, amount: int) -> None:
        """Move money from free to held; the caller has seen that there is enough."""
        account.free -= amount
        account.held += amount

    def hold_shares(self, account: Account, stock: int, quantity: int) -> None:
        """Move shares from free to held; the caller has seen that there are enough."""
        holding = account.holding(stock)
        holding.free -= quantity
        holding.held += quantity

    def settle_buy(self, account: Account, stock: int, quantity: int, amount: int, held: int) -> None:
        """Take ``amount`` out of what the buyer held, ``held`` for these shares, and put the shares in.

        What was held above the price goes back to the buyer in the same step.
        """
        account.held -= held
        account.free += held - amount
        account.holding(stock).free += quantity
        self.passing_money += amount
        self.passing_shares[stock] = self.passing_shares.get(stock, 0) - quantity

    def settle_sell(self, account: Account, stock: int, quantity: int, amount: int) -> None:
        """Take the shares out of what the seller held, and put ``amount`` in."""
        account.free += amount
        account.holding(stock).held -= quantity
        self.passing_money -= amount
        self.passing_shares[stock] = self.passing_shares.get(stock, 0) + quantity

    def check(self) -> list[str]:
        """Return a sentence for each invariant that does not hold."""
        faults = []
        money = self.passing_money
        shares = {stock: self.passing_shares.get(stock, 0) for stock in self.shares}
        for account in self.accounts.values():
            money += account.free + account.held
            if account.free < 0 or account.held < 0:
                faults.append(f"account {account.number} has a negative balance")
            for stock, holding in account.holdings.items():
                shares[stock] += holding.free + holding.held
                if holding.free < 0 or holding.held < 0:
                    faults.append(f"account {account.number} has a negative holding of stock {stock}")
        if money != self.money:
            faults.append(f"accounts hold, and are passing, {money} of money; {self.money} came in")
        faults += [
            f"accounts hold, and are passing, {shares[stock]} shares of stock {stock}; {listed} came in"
            for stock, listed in self.shares.items()
            if shares[stock] != listed
        ]
        return faults
