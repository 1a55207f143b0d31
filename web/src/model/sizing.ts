// How many shares a part of one's means is: of free money for a buy, of free shares for a sell.
import type { Level } from "./book.ts";
import { type Money, minus, sharesPaid, times } from "./money.ts";
import type { Quantity } from "./quantity.ts";

/** Whole shares of `per_cent` of what can be sold. */
export function partOfShares(free: Quantity, per_cent: number): Quantity {
  return Number((BigInt(free) * BigInt(per_cent)) / 100n) as Quantity;
}

/** Whole shares that `per_cent` of free money pays at a limit. */
export function partOfMoney(free: Money, per_cent: number, price: Money): Quantity {
  return price > 0n ? sharesPaid(part(free, per_cent), price) : (0 as Quantity);
}

/** Whole shares that `per_cent` of free money buys at market from the offers that stand. */
export function partAtMarket(free: Money, per_cent: number, asks: readonly Level[]): Quantity {
  let budget = part(free, per_cent);
  let bought = 0;
  for (const level of asks) {
    const taken = Math.min(level.quantity, sharesPaid(budget, level.price)) as Quantity;
    bought += taken;
    budget = minus(budget, times(level.price, taken));
    if (taken < level.quantity) break;
  }
  return bought as Quantity;
}

function part(free: Money, per_cent: number): Money {
  return ((free * BigInt(per_cent)) / 100n) as Money;
}
