import { expect, test } from "vitest";
import { keepsPlace, readAmendment } from "./amendment.ts";
import { parseMoney } from "./money.ts";
import { shares } from "./quantity.ts";
import { orderOf, stockOf } from "./testing.ts";

const STOCK = stockOf();
const ORDER = { ...orderOf({ side: "buy", quantity: 10, price: "15.00" }), filled: shares(4) };

test("only what is changed is asked for", () => {
  expect(readAmendment(ORDER, STOCK, { quantity: "10", price: "15.10" }).to).toEqual({
    price: parseMoney("15.10"),
  });
  expect(readAmendment(ORDER, STOCK, { quantity: "8", price: "15" }).to).toEqual({ quantity: 8 });
  expect(readAmendment(ORDER, STOCK, { quantity: "10", price: "15.0" })).toEqual({ to: null, faults: null });
});

test("an order at market has no price to change", () => {
  expect(readAmendment({ ...ORDER, price: null }, STOCK, { quantity: "8", price: "" }).to).toEqual({
    quantity: 8,
  });
});

test("what cannot be is told at its field", () => {
  const { faults } = readAmendment(ORDER, STOCK, { quantity: "4", price: "15.005" });
  expect(faults?.quantity).toContain("4 have traded already");
  expect(faults?.price).toContain("steps of 0.01");
});

test("only fewer shares at the same price keep the place", () => {
  expect(keepsPlace(ORDER, { quantity: shares(8) })).toBe(true);
  expect(keepsPlace(ORDER, { quantity: shares(12) })).toBe(false);
  expect(keepsPlace(ORDER, { quantity: shares(8), price: parseMoney("15.10") })).toBe(false);
});
