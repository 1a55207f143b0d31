// The depth of a book as a plot: how many shares wait up to each price, on both sides of the middle. Pure.
import type { Book, Level } from "../../model/book.ts";
import { forPlot, type Money, times } from "../../model/money.ts";
import type { Quantity } from "../../model/quantity.ts";
import type { Side } from "../../model/side.ts";

export interface DepthPoint {
  readonly price: Money;
  /** Shares from the best price to this one. */
  readonly shares: Quantity;
  /** What they are worth together at their prices. */
  readonly amount: Money;
}

export interface Depth {
  /** Best first, both. */
  readonly bids: readonly DepthPoint[];
  readonly asks: readonly DepthPoint[];
  /** The prices at the left and the right edge; the same distance from the middle. */
  readonly low: number;
  readonly high: number;
  /** The most shares of a side within the edges. */
  readonly most: number;
}

/** Levels that decide how far the plot reaches: a forgotten order far away shall not press the rest together. */
const REACH_LEVELS = 20;

/** Null: there is nothing to plot. */
export function depthOf(book: Book): Depth | null {
  const bids = summed(book.bids);
  const asks = summed(book.asks);
  const [bid, ask] = [bids[0]?.price ?? asks[0]?.price, asks[0]?.price ?? bids[0]?.price];
  if (bid === undefined || ask === undefined) return null;
  const middle = (forPlot(bid) + forPlot(ask)) / 2;
  const reach = Math.max(reachOf(bids, middle), reachOf(asks, middle), middle * 0.0005);
  const [low, high] = [middle - reach, middle + reach];
  const most = Math.max(
    ...[...bids, ...asks].map(({ price, shares }) => {
      const at = forPlot(price);
      return at >= low - 1e-9 && at <= high + 1e-9 ? shares : 0;
    }),
    1,
  );
  return { bids, asks, low, high, most };
}

function summed(levels: readonly Level[]): readonly DepthPoint[] {
  let shares = 0;
  let amount = 0n;
  return levels.map(({ price, quantity }) => {
    shares += quantity;
    amount += times(price, quantity);
    return { price, shares: shares as Quantity, amount: amount as Money };
  });
}

function reachOf(points: readonly DepthPoint[], middle: number): number {
  const furthest = points[Math.min(points.length, REACH_LEVELS) - 1];
  return furthest === undefined ? 0 : Math.abs(forPlot(furthest.price) - middle) * 1.02;
}

/** The side's steps as an SVG path in a box of 100 × 100, from its best price to the edge. */
export function stepsOf(points: readonly DepthPoint[], side: Side, { low, high, most }: Depth): string {
  const [first] = points;
  if (first === undefined) return "";
  const x = (price: Money) => round(((forPlot(price) - low) / (high - low)) * 100);
  const y = (shares: number) => round(100 - (shares / most) * 96);
  const steps = points.map(({ price, shares }) => `H${x(price)}V${y(shares)}`).join("");
  return `M${x(first.price)} 100${steps}H${side === "buy" ? 0 : 100}V100Z`;
}

function round(value: number): number {
  return Math.round(Math.min(200, Math.max(-100, value)) * 100) / 100;
}

/** What waits up to a price: of sells below it or of buys above it; null between the best prices. */
export function depthAt({ bids, asks }: Depth, price: number): (DepthPoint & { readonly side: Side }) | null {
  const ask = asks.findLast((point) => forPlot(point.price) <= price);
  if (ask !== undefined) return { ...ask, side: "sell" };
  const bid = bids.findLast((point) => forPlot(point.price) >= price);
  return bid === undefined ? null : { ...bid, side: "buy" };
}
