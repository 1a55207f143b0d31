// Candles of one stock and interval, oldest first. An interval without a trade has none.
import type { Money } from "./money.ts";
import type { Quantity } from "./quantity.ts";
import type { Instant } from "./time.ts";

export interface Candle {
  readonly start: Instant;
  readonly open: Money;
  readonly high: Money;
  readonly low: Money;
  readonly close: Money;
  readonly volume: Quantity;
  readonly trades: number;
}

export const CANDLES_KEPT = 1_000;

/** The candles with those that changed in place of what was there at their start; the oldest fall off. */
export function mergedCandles(
  candles: readonly Candle[],
  changed: readonly Candle[],
  kept: number = CANDLES_KEPT,
): readonly Candle[] {
  if (changed.length === 0) return candles;
  const merged = [...candles];
  for (const candle of changed) {
    let at = merged.length;
    while (at > 0 && (merged[at - 1]?.start ?? 0) >= candle.start) at--;
    merged.splice(at, merged[at]?.start === candle.start ? 1 : 0, candle);
  }
  return merged.length > kept ? merged.slice(-kept) : merged;
}
