import { expect, test } from "vitest";
import { parseMoney } from "../../model/money.ts";
import { bookOf, orderOf } from "../../model/testing.ts";
import { ladderOf } from "./ladder.ts";

const BOOK = bookOf(`
  4 @ 15.50 | 16.00 @ 7
  6 @ 15.00 | 17.00 @ 13
`);

const ROOM = { bids: 10, asks: 10 };

test("a ladder sums each side from its best price, and measures depth by the deepest", () => {
  const { bids, asks } = ladderOf(BOOK, [], ROOM);
  expect(bids.map(({ total, depth_per_cent }) => [total, depth_per_cent])).toEqual([
    [4, 20],
    [10, 50],
  ]);
  expect(asks.map(({ total, depth_per_cent }) => [total, depth_per_cent])).toEqual([
    [7, 35],
    [20, 100],
  ]);
});

test("the spread is between the best prices, in money and of the bid", () => {
  const { spread, spreadBasisPoints } = ladderOf(BOOK, [], ROOM);
  expect(spread).toBe(parseMoney("0.50"));
  expect(spreadBasisPoints).toBe(322);
});

test("own orders are marked at their price, on their side", () => {
  const own = [
    orderOf({ id: "1", side: "buy", quantity: 1, price: "15.50" }),
    orderOf({ id: "2", side: "buy", quantity: 2, price: "15.50" }),
    orderOf({ id: "3", side: "sell", quantity: 9 }),
  ];
  const { bids, asks } = ladderOf(BOOK, own, ROOM);
  expect(bids.map((rung) => rung.own)).toEqual([3, 0]);
  expect(asks.map((rung) => rung.own)).toEqual([0, 0]);
});

test("only the rows that fit are there", () => {
  expect(ladderOf(BOOK, [], { bids: 2, asks: 1 }).asks).toHaveLength(1);
});
