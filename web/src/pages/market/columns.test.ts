import { expect, test } from "vitest";
import type { StockId } from "../../model/ids.ts";
import { parseMoney } from "../../model/money.ts";
import type { Stock } from "../../model/stock.ts";
import { stockOf } from "../../model/testing.ts";
import { arranged, summaryOf } from "./columns.ts";

function stock(id: string, name: string, change: string | null): Stock {
  return {
    ...stockOf(),
    stock: id as StockId,
    name,
    dayOpen: parseMoney("10"),
    dayChange: change === null ? null : parseMoney(change),
  };
}

const STOCKS = [
  stock("1", "Fern Hill", "0.50"),
  stock("2", "Alder Hill", "-1"),
  stock("3", "Eastgate", null),
];

test("stocks are found by any part of their name, in any case", () => {
  expect(arranged(STOCKS, " hill  al", { name: "name", descending: false })).toEqual(["2"]);
  expect(arranged(STOCKS, "", { name: "name", descending: false })).toEqual(["2", "3", "1"]);
});

test("the best of the day come first, those without a price last", () => {
  expect(arranged(STOCKS, "", { name: "change", descending: true })).toEqual(["1", "2", "3"]);
});

test("the day is told in counts", () => {
  expect(summaryOf(STOCKS)).toBe("3 stocks · 1 up · 1 down");
  expect(summaryOf([{ ...stockOf(), halted: true }])).toBe("1 stock · 0 up · 0 down · 1 halted");
});
