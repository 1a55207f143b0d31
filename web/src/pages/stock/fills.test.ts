import { expect, test } from "vitest";
import type { Execution } from "../../model/account.ts";
import type { Candle } from "../../model/candles.ts";
import type { StockId } from "../../model/ids.ts";
import { shares } from "../../model/quantity.ts";
import type { Side } from "../../model/side.ts";
import { STOCK } from "../../model/testing.ts";
import { fillMarks } from "./fills.ts";

const CANDLES = [60_000, 120_000].map((start) => ({ start })) as unknown as readonly Candle[];

function fill(side: Side, quantity: number, time: number, stock: StockId = STOCK): Execution {
  return { stock, side, quantity: shares(quantity), time } as Execution;
}

test("fills of a side within a candle are one mark at its start", () => {
  const marks = fillMarks(
    [fill("buy", 2, 179_999), fill("sell", 5, 125_000), fill("buy", 3, 120_000)],
    CANDLES,
    STOCK,
  );
  expect(marks).toEqual([
    { start: 120_000, side: "buy", quantity: 5 },
    { start: 120_000, side: "sell", quantity: 5 },
  ]);
});

test("fills before the first candle and of other stocks have none", () => {
  expect(fillMarks([fill("buy", 2, 59_999), fill("buy", 2, 60_000, "2" as StockId)], CANDLES, STOCK)).toEqual(
    [],
  );
});
