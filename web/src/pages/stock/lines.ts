// The own open orders as lines of the chart: one for each price of a side, and no more than can be told apart. Pure.
import type { Order } from "../../model/account.ts";
import type { Money } from "../../model/money.ts";
import type { Quantity } from "../../model/quantity.ts";
import type { Side } from "../../model/side.ts";

export interface OrderLine {
  /** The same for as long as nothing about it changes. */
  readonly key: string;
  readonly side: Side;
  readonly price: Money;
  readonly remaining: Quantity;
}

/** Every line is drawn anew with every trade, so that thousands of them would stop the page. */
export const MOST_LINES = 30;

/** Of many, those nearest to the `last` price. Orders at market have no line. */
export function linesOf(orders: readonly Order[], last: Money | null): readonly OrderLine[] {
  const sums = new Map<string, { side: Side; price: Money; remaining: number }>();
  for (const { side, price, remaining } of orders) {
    if (price === null) continue;
    const key = `${side}/${price}`;
    sums.set(key, { side, price, remaining: (sums.get(key)?.remaining ?? 0) + remaining });
  }
  const away = (price: Money) => (last === null ? 0n : price > last ? price - last : last - price);
  return [...sums.entries()]
    .sort(([, one], [, other]) => Number(away(one.price) - away(other.price)))
    .slice(0, MOST_LINES)
    .map(([key, sum]) => ({
      ...sum,
      key: `${key}/${sum.remaining}`,
      remaining: sum.remaining as Quantity,
    }));
}
