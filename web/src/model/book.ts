// The order book of one stock as the page knows it: levels from best to worst on both sides.
// A book is never changed; an update gives a new one, which shares the sides that it did not touch.
import type { StockId } from "./ids.ts";
import type { Money } from "./money.ts";
import type { Quantity } from "./quantity.ts";
import type { Side } from "./side.ts";

export interface Level {
  readonly price: Money;
  readonly quantity: Quantity;
  readonly orders: number;
}

export interface Book {
  readonly stock: StockId;
  readonly event: number;
  /** Best first: the highest price. */
  readonly bids: readonly Level[];
  /** Best first: the lowest price. */
  readonly asks: readonly Level[];
  /** What waits at market, ahead of every level. */
  readonly marketBuys: Quantity;
  readonly marketSells: Quantity;
}

/** What changed: a level of quantity 0 is gone. */
export type BookChange = Omit<Book, "stock">;

export function changedBook(book: Book, change: BookChange): Book {
  return {
    stock: book.stock,
    event: change.event,
    bids: changedSide(book.bids, change.bids, "buy"),
    asks: changedSide(book.asks, change.asks, "sell"),
    marketBuys: change.marketBuys,
    marketSells: change.marketSells,
  };
}

function changedSide(levels: readonly Level[], changes: readonly Level[], side: Side): readonly Level[] {
  if (changes.length === 0) return levels;
  const changed = [...levels];
  for (const level of changes) {
    const at = placeOf(changed, level.price, side);
    const known = changed[at]?.price === level.price ? 1 : 0;
    if (level.quantity === 0) changed.splice(at, known);
    else changed.splice(at, known, level);
  }
  return changed;
}

/** The index of a price on its side, or where it would stand. */
function placeOf(levels: readonly Level[], price: Money, side: Side): number {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = levels[middle]?.price ?? price;
    if (side === "buy" ? there > price : there < price) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Best bid and ask; null where nobody rests. */
export function bestOf(book: Book): { readonly bid: Money | null; readonly ask: Money | null } {
  return { bid: book.bids[0]?.price ?? null, ask: book.asks[0]?.price ?? null };
}
