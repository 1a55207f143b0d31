import { expect, test } from "vitest";
import { type Candle, mergedCandles } from "./candles.ts";
import { parseMoney } from "./money.ts";
import { shares } from "./quantity.ts";
import type { Instant } from "./time.ts";

function candle(start: number, close: string): Candle {
  const price = parseMoney(close);
  return {
    start: start as Instant,
    open: price,
    high: price,
    low: price,
    close: price,
    volume: shares(1),
    trades: 1,
  };
}

test("a candle that changed takes the place of what it was, a new one follows, a late one is put in order", () => {
  const merged = mergedCandles(
    [candle(1, "1"), candle(3, "3")],
    [candle(3, "3.5"), candle(4, "4"), candle(2, "2")],
  );
  expect(merged).toEqual([candle(1, "1"), candle(2, "2"), candle(3, "3.5"), candle(4, "4")]);
});

test("the oldest fall off", () => {
  expect(mergedCandles([candle(1, "1"), candle(2, "2")], [candle(3, "3")], 2)).toEqual([
    candle(2, "2"),
    candle(3, "3"),
  ]);
});
