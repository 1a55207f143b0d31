import { expect, test } from "vitest";
import { parseMoney } from "./money.ts";
import { shares } from "./quantity.ts";
import { partAtMarket, partOfMoney, partOfShares } from "./sizing.ts";
import { bookOf, stockOf } from "./testing.ts";
import { EMPTY_TICKET, readTicket, steppedPrice } from "./ticket.ts";

test("a filled ticket is an intent", () => {
  const { intent } = readTicket(
    { ...EMPTY_TICKET, quantity: "1,000", price: "15.5", postOnly: true },
    stockOf(),
  );
  expect(intent).toMatchObject({ quantity: 1_000, price: 155_000n, postOnly: true });
});

test("a market ticket has no price, whatever stands in the field, and is never post-only", () => {
  const { intent } = readTicket(
    { ...EMPTY_TICKET, type: "market", quantity: "1", price: "15.5", postOnly: true },
    stockOf(),
  );
  expect(intent).toMatchObject({ price: null, postOnly: false });
});

test("each field that cannot stand is told, a price between ticks with its neighbours", () => {
  const { faults } = readTicket({ ...EMPTY_TICKET, quantity: "0", price: "15.505" }, stockOf());
  expect(faults?.quantity).toBe("Enter a whole number of shares, 1 or more.");
  expect(faults?.price).toBe("Prices go in steps of 0.01: 15.50 or 15.51.");
});

test("a part of the wallet is whole shares that it pays", () => {
  expect(partOfShares(shares(7), 50)).toBe(3);
  expect(partOfMoney(parseMoney("100"), 50, parseMoney("15"))).toBe(3);
  const { asks } = bookOf("| 15.00 @ 2\n| 20.00 @ 9");
  expect(partAtMarket(parseMoney("100"), 100, asks)).toBe(5);
});

test("a price steps along its ticks, from between them to the nearest, and never to nothing", () => {
  const tick = parseMoney("0.05");
  expect(steppedPrice(parseMoney("15.50"), tick, 1)).toBe(parseMoney("15.55"));
  expect(steppedPrice(parseMoney("15.52"), tick, 1)).toBe(parseMoney("15.55"));
  expect(steppedPrice(parseMoney("15.52"), tick, -1)).toBe(parseMoney("15.50"));
  expect(steppedPrice(parseMoney("0.05"), tick, -1)).toBe(tick);
});
