// The own fills as marks on candles: those of one side within one candle are one mark. Pure.
import type { Execution } from "../../model/account.ts";
import type { Candle } from "../../model/candles.ts";
import type { StockId } from "../../model/ids.ts";
import { NO_SHARES, type Quantity } from "../../model/quantity.ts";
import type { Side } from "../../model/side.ts";
import type { Instant } from "../../model/time.ts";

export interface FillMark {
  /** Of the candle. */
  readonly start: Instant;
  readonly side: Side;
  readonly quantity: Quantity;
}

/** Oldest first. Fills before the first candle have no mark. */
export function fillMarks(
  executions: readonly Execution[],
  candles: readonly Candle[],
  stock: StockId,
): readonly FillMark[] {
  const marks = new Map<string, FillMark>();
  for (const { stock: of, side, quantity, time } of executions) {
    const start = of === stock ? candleAt(candles, time)?.start : undefined;
    if (start === undefined) continue;
    const key = `${start}/${side}`;
    const sum = (quantity + (marks.get(key)?.quantity ?? NO_SHARES)) as Quantity;
    marks.set(key, { start, side, quantity: sum });
  }
  return [...marks.values()].sort((one, other) => one.start - other.start);
}

/** The last candle that starts at the time or before it. */
function candleAt(candles: readonly Candle[], time: Instant): Candle | undefined {
  let low = 0;
  let high = candles.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((candles[middle]?.start ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  return candles[low - 1];
}
