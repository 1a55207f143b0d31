// A listed stock with its prices of the day. Null: there is no such price yet.
import type { StockId } from "./ids.ts";
import { basisPoints, type Money } from "./money.ts";
import type { Quantity } from "./quantity.ts";

export interface Stock {
  readonly stock: StockId;
  readonly name: string;
  readonly tickSize: Money;
  readonly halted: boolean;
  readonly lastPrice: Money | null;
  readonly bestBid: Money | null;
  readonly bestAsk: Money | null;
  readonly dayOpen: Money | null;
  readonly dayHigh: Money | null;
  readonly dayLow: Money | null;
  readonly dayVolume: Quantity;
  readonly dayChange: Money | null;
  readonly sharesListed: Quantity;
}

/** The change of the day in hundredths of a per cent. */
export function dayBasisPoints(stock: Stock): number | null {
  if (stock.dayChange === null || stock.dayOpen === null) return null;
  return basisPoints(stock.dayChange, stock.dayOpen);
}

/** A stock over the last while: its price at the end of each interval, oldest first, and its change over all. */
export interface Sparkline {
  readonly stock: StockId;
  readonly closes: readonly Money[];
  readonly change: Money | null;
}
