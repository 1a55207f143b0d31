import { expect, test } from "vitest";
import { parseMoney } from "../../model/money.ts";
import { shares } from "../../model/quantity.ts";
import { orderOf } from "../../model/testing.ts";
import { NoAnswer, Refused } from "../../venue/problem.ts";
import { faultOf, outcomeOf, unansweredText } from "./outcome.ts";

const NAME = "Alderpoint";

test("an order that has filled is told with its average price", () => {
  const order = orderOf({
    side: "buy",
    quantity: 10,
    filled: shares(10),
    status: "filled",
    averagePrice: parseMoney("15.50"),
  });
  expect(outcomeOf(order, NAME)).toBe("Bought 10 Alderpoint at 15.50.");
});

test("an order that waits is told where, and what of it has traded", () => {
  expect(outcomeOf(orderOf({ side: "sell", quantity: 4, price: "16" }), NAME)).toBe(
    "Sell 4 Alderpoint at 16.00 waits in the book.",
  );
  const part = orderOf({
    side: "buy",
    quantity: 10,
    filled: shares(4),
    remaining: shares(6),
    status: "partially_filled",
    averagePrice: parseMoney("15.50"),
    cut: true,
  });
  expect(outcomeOf(part, NAME)).toBe(
    "Bought 4 Alderpoint at 15.50; 6 more wait for sellers. The wallet pays 10, so the order was cut to that.",
  );
});

test("an order that has closed is told why", () => {
  const killed = orderOf({ side: "buy", quantity: 4, price: "16", status: "expired", reason: "fok" });
  expect(outcomeOf(killed, NAME)).toBe(
    "Buy 4 Alderpoint at 16.00 closed without a trade: it could not be filled whole at once.",
  );
});

test("a refusal stands at the field that it is about, in the venue's words", () => {
  const problem = {
    type: "",
    title: "",
    status: 422,
    detail: "Not on a tick.",
    code: "off_tick",
    request_id: null,
  };
  expect(faultOf(new Refused(problem))).toEqual({ field: "price", text: "Not on a tick." });
});

test("without an answer nobody is told that the order failed", () => {
  expect(unansweredText(new NoAnswer())).toContain("Whether the order has arrived is being found out");
});
