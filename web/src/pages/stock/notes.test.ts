import { expect, test } from "vitest";
import { parseMoney } from "../../model/money.ts";
import { type Intent, previewOf } from "../../model/preview.ts";
import { type Quantity, shares } from "../../model/quantity.ts";
import { bookOf, stockOf } from "../../model/testing.ts";
import { notesOf } from "./notes.ts";

const BOOK = bookOf("4 @ 14.50 | 15.00 @ 10");
const BUY: Intent = {
  side: "buy",
  type: "market",
  quantity: shares(30),
  price: null,
  timeInForce: "gtc",
  postOnly: false,
};

function notes(change: Partial<Intent>, money = "10000", free: Quantity = shares(5), whole = true) {
  const intent = { ...BUY, ...change };
  const stock = stockOf();
  const means = { money: parseMoney(money), shares: free };
  const market = { stock, book: BOOK, whole, freeMoney: means.money, freeShares: free, ownOrders: [] };
  return notesOf(previewOf(intent, market), intent, stock, means);
}

test("an order that fills whole leaves nothing to say", () => {
  expect(notes({ quantity: shares(10) })).toEqual([]);
});

test("sellers that run out, and money that does", () => {
  expect(notes({})).toEqual(["Sellers run out after 10: 20 wait at market for the next."]);
  expect(notes({}, "100")).toEqual(["The money runs out after 6: 24 are closed."]);
});

test("a limit buy that is too large is cut, one that pays nothing would be refused", () => {
  const limit = { type: "limit", price: parseMoney("14.00") } as const;
  expect(notes(limit, "140")).toEqual(["The wallet pays 10 shares: the order is cut to that."]);
  expect(notes(limit, "13")).toEqual(["Would be refused: 13.00 is free; this needs 420.00."]);
});

test("sells beyond what is free would be refused", () => {
  expect(notes({ side: "sell" })).toEqual(["Would be refused: 5 shares are free to sell."]);
});

test("what waits no moment is told to end", () => {
  expect(notes({ timeInForce: "ioc" })).toEqual(["20 find nobody and are cancelled at once."]);
  expect(notes({ timeInForce: "fok" })).toEqual(["It cannot be filled whole now, so nothing would trade."]);
});

test("a price far on the wrong side of the last trade is pointed out", () => {
  const far = { type: "limit", quantity: shares(1), price: parseMoney("150.00") } as const;
  expect(notes(far)).toEqual(["The price is more than 10% from the last trade."]);
});

test("where the book goes on unseen, the figures are about", () => {
  expect(notes({}, "10000", shares(5), false)).toContain(
    "About, as more orders stand behind those that are shown.",
  );
});
