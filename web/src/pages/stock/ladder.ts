// The rows of the order book ladder, from the book and the own orders. Pure.
import { type Order, ownAt } from "../../model/account.ts";
import type { Book, Level } from "../../model/book.ts";
import { basisPoints, type Money, minus } from "../../model/money.ts";
import { NO_SHARES, type Quantity } from "../../model/quantity.ts";

export interface Rung {
  readonly price: Money;
  readonly quantity: Quantity;
  /** From the best level to this one. */
  readonly total: Quantity;
  /** Of the deepest total that is shown on either side, in per cent. */
  readonly depth_per_cent: number;
  /** What waits there of the own orders. */
  readonly own: Quantity;
}

export interface Ladder {
  /** Best first, both. */
  readonly bids: readonly Rung[];
  readonly asks: readonly Rung[];
  readonly spread: Money | null;
  /** Of the best bid, in hundredths of a per cent. */
  readonly spreadBasisPoints: number | null;
}

/** How many prices of each side there is room for. */
export interface Room {
  readonly bids: number;
  readonly asks: number;
}

export function ladderOf(book: Book, own: readonly Order[], room: Room): Ladder {
  const bids = totalled(book.bids.slice(0, room.bids));
  const asks = totalled(book.asks.slice(0, room.asks));
  const deepest = Math.max(1, bids.at(-1)?.total ?? 0, asks.at(-1)?.total ?? 0);
  const [bid, ask] = [bids[0]?.price, asks[0]?.price];
  const spread = bid === undefined || ask === undefined ? null : minus(ask, bid);
  return {
    bids: rungs(bids, deepest, ownAt(own, book.stock, "buy")),
    asks: rungs(asks, deepest, ownAt(own, book.stock, "sell")),
    spread,
    spreadBasisPoints: spread === null || bid === undefined ? null : basisPoints(spread, bid),
  };
}

type Totalled = Pick<Level, "price" | "quantity"> & { readonly total: Quantity };

function totalled(levels: readonly Level[]): readonly Totalled[] {
  let total = 0;
  return levels.map(({ price, quantity }) => {
    total += quantity;
    return { price, quantity, total: total as Quantity };
  });
}

function rungs(
  levels: readonly Totalled[],
  deepest: number,
  own: ReadonlyMap<Money | null, Quantity>,
): readonly Rung[] {
  return levels.map((level) => ({
    ...level,
    depth_per_cent: Math.round((level.total * 100) / deepest),
    own: own.get(level.price) ?? NO_SHARES,
  }));
}
