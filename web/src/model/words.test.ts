import { expect, test } from "vitest";
import { orderOf } from "./testing.ts";
import { capital, orderWords, outcomeOf, statusWord } from "./words.ts";

const BUY = orderOf({ side: "buy", quantity: 1_200, price: "15.00" });

test("an order is told in a few words", () => {
  expect(orderWords(BUY, "Alderpoint")).toBe("buy 1,200 Alderpoint at 15.00");
  expect(orderWords({ ...BUY, price: null, side: "sell" }, "Alderpoint")).toBe(
    "sell 1,200 Alderpoint at market",
  );
  expect(capital(orderWords(BUY, "Alderpoint"))).toBe("Buy 1,200 Alderpoint at 15.00");
  expect(statusWord("partially_filled")).toBe("Partly filled");
});

test("what closed an order is a sentence, and so is a cut", () => {
  expect(outcomeOf(BUY)).toBe("");
  expect(outcomeOf({ ...BUY, status: "filled", reason: "filled" })).toBe("");
  expect(outcomeOf({ ...BUY, status: "cancelled", reason: "cancelled" })).toBe("");
  expect(outcomeOf({ ...BUY, cut: true, reason: "insufficient_funds" })).toBe(
    "It was cut to the 1,200 that the wallet could pay. It closed: the money ran out.",
  );
});

test("a reason that the page does not know is told all the same", () => {
  expect(outcomeOf({ ...BUY, reason: "sun_spots" })).toBe("It closed: sun spots.");
});
