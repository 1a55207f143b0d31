"""The ledger: who owns what, free and held.

Invariants, kept by every method and checked by ``check``:

* no balance is ever negative;
* free and held money of all accounts together equal what was deposited less what was withdrawn;
* free and held shares of a stock over all accounts equal what was granted.

A hold moves money or shares from free to held, a release moves them back, and settlement takes them
from the held of one account to the free of the other. The ledger knows nothing of books: an order tells
it what it holds.
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
    """All accounts, and what the venue holds of each asset in all."""

    def __init__(self) -> None:
        self.accounts: dict[int, Account] = {}
        self.money = 0
        self.shares: dict[int, int] = {}

    def open(self, number: int) -> Account:
        """Open an account, empty."""
        account = self.accounts[number] = Account(number)
        return account

    def deposit(self, account: Account, amount: int) -> bool:
        """Bring money in; False, and nothing done, where the venue would hold more than it can count."""
        if self.money + amount > MAX_TOTAL:
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
        """Bring shares in; False, and nothing done, where there would be more than can be counted."""
        listed = self.shares[stock]
        if listed + quantity > MAX_TOTAL:
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

    def settle(
        self, buyer: Account, seller: Account, stock: int, quantity: int, amount: int, held: int
    ) -> None:
        """Exchange ``quantity`` shares for ``amount``; ``held``, what the buyer held for them, is used up.

        What was held above the price goes back to the buyer in the same step.
        """
        buyer.held -= held
        buyer.free += held - amount
        seller.free += amount
        seller.holding(stock).held -= quantity
        buyer.holding(stock).free += quantity

    def check(self) -> list[str]:
        """Return a sentence for each invariant that does not hold."""
        faults = []
        money = 0
        shares = dict.fromkeys(self.shares, 0)
        for account in self.accounts.values():
            money += account.free + account.held
            if account.free < 0 or account.held < 0:
                faults.append(f"account {account.number} has a negative balance")
            for stock, holding in account.holdings.items():
                shares[stock] += holding.free + holding.held
                if holding.free < 0 or holding.held < 0:
                    faults.append(f"account {account.number} has a negative holding of stock {stock}")
        if money != self.money:
            faults.append(f"accounts hold {money} of money; {self.money} came in")
        faults += [
            f"accounts hold {shares[stock]} shares of stock {stock}; {listed} came in"
            for stock, listed in self.shares.items()
            if shares[stock] != listed
        ]
        return faults
