// What holdings are worth at the prices of this moment. The account tells of a holding when it changes, prices
// move in between, so value and profit are counted here, from the cost that the venue has told.
import type { Holding } from "./account.ts";
import type { StockId } from "./ids.ts";
import { type Money, minus, NO_MONEY, plus, times } from "./money.ts";
import { type Quantity, shares } from "./quantity.ts";
import type { Stock } from "./stock.ts";

/** A holding at the last price; null: the stock has never traded. */
export interface Position {
  readonly stock: StockId;
  readonly name: string;
  readonly available: Quantity;
  readonly held: Quantity;
  readonly quantity: Quantity;
  readonly averageCost: Money;
  /** Of all its shares, to the ten-thousandth. */
  readonly cost: Money;
  readonly lastPrice: Money | null;
  readonly marketValue: Money | null;
  readonly unrealised: Money | null;
  readonly realised: Money;
}

export interface Totals {
  readonly marketValue: Money;
  readonly cost: Money;
  readonly unrealised: Money;
  readonly realised: Money;
}

export function positionOf(holding: Holding, stock: Stock | undefined): Position {
  const quantity = shares(holding.available + holding.held);
  const cost = costOf(holding, quantity);
  const lastPrice = stock?.lastPrice ?? holding.lastPrice;
  const marketValue = lastPrice === null ? null : times(lastPrice, quantity);
  return {
    stock: holding.stock,
    name: holding.name,
    available: holding.available,
    held: holding.held,
    quantity,
    averageCost: holding.averageCost,
    cost,
    lastPrice,
    marketValue,
    unrealised: marketValue === null ? null : minus(marketValue, cost),
    realised: holding.realisedProfit,
  };
}

/** As the venue adds up a portfolio: shares without a price count neither as value nor as cost. */
export function totalsOf(positions: readonly Position[]): Totals {
  let totals: Totals = { marketValue: NO_MONEY, cost: NO_MONEY, unrealised: NO_MONEY, realised: NO_MONEY };
  for (const { marketValue, cost, unrealised, realised } of positions) {
    totals = {
      marketValue: plus(totals.marketValue, marketValue ?? NO_MONEY),
      cost: plus(totals.cost, marketValue === null ? NO_MONEY : cost),
      unrealised: plus(totals.unrealised, unrealised ?? NO_MONEY),
      realised: plus(totals.realised, realised),
    };
  }
  return totals;
}

/** The average is rounded; value less profit is not. */
function costOf({ marketValue, unrealisedProfit, averageCost }: Holding, quantity: Quantity): Money {
  if (marketValue !== null && unrealisedProfit !== null) return minus(marketValue, unrealisedProfit);
  return times(averageCost, quantity);
}
