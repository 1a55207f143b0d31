import { expect, test } from "vitest";
import { parseMoney, showMoney } from "../../model/money.ts";
import { orderOf } from "../../model/testing.ts";
import { linesOf, MOST_LINES } from "./lines.ts";

test("orders of a side at one price are one line", () => {
  const lines = linesOf(
    [
      orderOf({ side: "buy", quantity: 3, price: "14.00" }),
      orderOf({ side: "sell", quantity: 2, price: "16.00" }),
      orderOf({ side: "buy", quantity: 4, price: "14.00" }),
      orderOf({ side: "buy", quantity: 9 }),
    ],
    parseMoney("15.00"),
  );
  expect(lines.map(({ side, price, remaining }) => [side, showMoney(price), remaining])).toEqual([
    ["buy", "14.00", 7],
    ["sell", "16.00", 2],
  ]);
});

test("of many lines those nearest to the last price are kept", () => {
  const orders = Array.from({ length: 100 }, (_, at) =>
    orderOf({ side: "buy", quantity: 1, price: `${100 + at}.00` }),
  );
  const lines = linesOf(orders, parseMoney("199.00"));
  expect(lines).toHaveLength(MOST_LINES);
  expect(lines.map(({ price }) => showMoney(price)).at(-1)).toBe("170.00");
});
