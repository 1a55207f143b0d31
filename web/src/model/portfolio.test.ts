import { expect, test } from "vitest";
import type { Holding } from "./account.ts";
import { NO_MONEY, parseMoney } from "./money.ts";
import { positionOf, totalsOf } from "./portfolio.ts";
import { shares } from "./quantity.ts";
import { STOCK, stockOf } from "./testing.ts";

/** Three shares for 10.00 together: the average is rounded, the cost is not. */
const THREE: Holding = {
  stock: STOCK,
  name: "Alderpoint",
  available: shares(2),
  held: shares(1),
  averageCost: parseMoney("3.3333"),
  lastPrice: parseMoney("4"),
  marketValue: parseMoney("12"),
  realisedProfit: parseMoney("-1.50"),
  unrealisedProfit: parseMoney("2"),
};
const GRANTED: Holding = {
  ...THREE,
  averageCost: NO_MONEY,
  lastPrice: null,
  marketValue: null,
  unrealisedProfit: null,
  realisedProfit: NO_MONEY,
};

test("a position is worth its shares at the price of this moment, against its whole cost", () => {
  const position = positionOf(THREE, stockOf({ last: "5" }));
  expect(position).toMatchObject({ quantity: 3, cost: parseMoney("10"), marketValue: parseMoney("15") });
  expect(position.unrealised).toBe(parseMoney("5"));
});

test("without a price of its own the venue's last word stands", () => {
  expect(positionOf(THREE, undefined).unrealised).toBe(parseMoney("2"));
  expect(positionOf(GRANTED, stockOf({ last: null })).marketValue).toBeNull();
});

test("granted shares cost nothing once they have a price", () => {
  expect(positionOf(GRANTED, stockOf({ last: "5" })).unrealised).toBe(parseMoney("15"));
});

test("totals leave out the cost of what has no price, and keep the profit of what is sold", () => {
  const sold = { ...THREE, available: shares(0), held: shares(0), marketValue: NO_MONEY };
  const totals = totalsOf([
    positionOf(THREE, stockOf({ last: "5" })),
    positionOf(GRANTED, undefined),
    positionOf({ ...sold, unrealisedProfit: NO_MONEY }, stockOf({ last: "5" })),
  ]);
  expect(totals).toEqual({
    marketValue: parseMoney("15"),
    cost: parseMoney("10"),
    unrealised: parseMoney("5"),
    realised: parseMoney("-3"),
  });
});
