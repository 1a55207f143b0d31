import { expect, test } from "vitest";
import { parseMoney } from "../../model/money.ts";
import { bookOf } from "../../model/testing.ts";
import { depthAt, depthOf, stepsOf } from "./depth.ts";

const BOOK = bookOf(`
  4 @ 15.00 | 17.00 @ 7
  6 @ 14.00 | 18.00 @ 3
`);

test("depth sums shares and money away from the middle, which is in the middle of the plot", () => {
  const depth = depthOf(BOOK);
  expect(depth?.bids.map(({ shares, amount }) => [shares, amount])).toEqual([
    [4, parseMoney("60")],
    [10, parseMoney("144")],
  ]);
  expect(depth && (depth.low + depth.high) / 2).toBeCloseTo(16);
  expect(depth?.most).toBe(10);
});

test("a side is drawn in steps from its best price to the edge", () => {
  const depth = { ...depthOf(BOOK), low: 14, high: 18, most: 10 } as NonNullable<ReturnType<typeof depthOf>>;
  expect(stepsOf(depth.asks, "sell", depth)).toBe("M75 100H75V32.8H100V4H100V100Z");
});

test("what is pointed at is what one would meet up to there", () => {
  const depth = depthOf(BOOK);
  if (depth === null) throw new Error("there is depth");
  expect(depthAt(depth, 17.5)).toMatchObject({ side: "sell", shares: 7 });
  expect(depthAt(depth, 14)).toMatchObject({ side: "buy", shares: 10 });
  expect(depthAt(depth, 16)).toBeNull();
});

test("a side alone is a plot, nobody is none", () => {
  expect(depthOf(bookOf("| 17.00 @ 7"))?.most).toBe(7);
  expect(depthOf(bookOf(""))).toBeNull();
});
