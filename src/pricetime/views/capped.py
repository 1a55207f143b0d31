"""Sums without a natural bound, kept within 64 bits.

Balances, holdings and single trades are bounded by the rules. Volumes, worths and profits are sums over
any number of trades, in which the same money and the same shares may go round for ever; they stop at the
greatest number that the stores can hold.
"""

from __future__ import annotations

from typing import Final

GREATEST: Final = 2**63 - 1


def capped(number: int) -> int:
    """Return the number, or the greatest (least) that 64 bits hold where it is beyond."""
    return number if -GREATEST <= number <= GREATEST else (GREATEST if number > 0 else -GREATEST)
