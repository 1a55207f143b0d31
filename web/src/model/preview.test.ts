// The examples of docs/rules-of-the-market.md, seen by who is about to send the order.
import { describe, expect, test } from "vitest";
import { moneyText, NO_MONEY, parseMoney } from "./money.ts";
import { type Intent, type Market, type Preview, previewOf } from "./preview.ts";
import { shares } from "./quantity.ts";
import { bookOf, orderOf, stockOf } from "./testing.ts";

function intent(words: string): Intent {
  const [side, quantity, , price, ...rest] = words.split(" ");
  const market = price === "market";
  return {
    side: side === "sell" ? "sell" : "buy",
    type: market ? "market" : "limit",
    quantity: shares(Number(quantity)),
    price: market ? null : parseMoney(price ?? ""),
    timeInForce: rest.includes("ioc") ? "ioc" : rest.includes("fok") ? "fok" : "gtc",
    postOnly: rest.includes("post-only"),
  };
}

function market(picture: string, said: Partial<Market> & { readonly money?: string } = {}): Market {
  const { money = "10000.00", ...rest } = said;
  return {
    stock: stockOf(),
    book: bookOf(picture),
    whole: true,
    freeMoney: parseMoney(money),
    freeShares: shares(100),
    ownOrders: [],
    ...rest,
  };
}

function told({ trades, amount, averagePrice, rest, remaining, heldMoney }: Preview): string {
  const average = averagePrice === null ? "" : ` for ${moneyText(amount)}, ${moneyText(averagePrice)} each`;
  const held = heldMoney === NO_MONEY ? "" : `, holds ${moneyText(heldMoney)}`;
  return `${trades} trade${average}; ${remaining} ${rest}${held}`;
}

const OFFERS = `
  | 15.90 @ 3
  | 16.00 @ 9`;

describe("a preview", () => {
  test("takes the best prices first", () => {
    expect(told(previewOf(intent("buy 10 @ 16.00"), market(OFFERS)))).toBe(
      "10 trade for 159.70, 15.97 each; 0 none",
    );
    expect(told(previewOf(intent("sell 3 @ 15.00"), market("2 @ 15.50 |\n5 @ 15.00 |")))).toBe(
      "3 trade for 46.00, 15.3333 each; 0 none",
    );
  });

  test("stops at the limit; the rest waits and holds rest times limit", () => {
    expect(told(previewOf(intent("buy 10 @ 15.95"), market(OFFERS)))).toBe(
      "3 trade for 47.70, 15.90 each; 7 waits, holds 111.65",
    );
  });

  test("lets the rest of an IOC expire, and kills a FOK that is not filled whole", () => {
    expect(told(previewOf(intent("buy 20 @ 16.00 ioc"), market(OFFERS)))).toContain("8 expires");
    expect(told(previewOf(intent("buy 20 @ 16.00 fok"), market(OFFERS)))).toBe("0 trade; 20 killed");
    expect(told(previewOf(intent("buy 12 @ 16.00 fok"), market(OFFERS)))).toContain("12 trade");
  });

  test("refuses a post-only order that would take", () => {
    expect(previewOf(intent("buy 1 @ 15.90 post-only"), market(OFFERS)).refused).toBe("would_take");
    expect(previewOf(intent("buy 1 @ 15.89 post-only"), market(OFFERS)).rest).toBe("waits");
  });

  test("cuts a limit buy to what the wallet pays, and refuses one that pays nothing", () => {
    const cut = previewOf(intent("buy 10 @ 15.00"), market("", { money: "100.00" }));
    expect([cut.cutTo, moneyText(cut.heldMoney)]).toEqual([6, "90.00"]);
    expect(previewOf(intent("buy 1 @ 15.00"), market("", { money: "10.00" })).refused).toBe(
      "insufficient_funds",
    );
  });

  test("lets a market buy spend all free money and closes its rest", () => {
    const preview = previewOf(intent("buy 5 @ market"), market("| 15.00 @ 10", { money: "40.00" }));
    expect(told(preview)).toBe("2 trade for 30.00, 15.00 each; 3 out_of_money");
    expect(previewOf(intent("buy 5 @ market"), market("| 15.00 @ 10", { money: "14.00" })).refused).toBe(
      "insufficient_funds",
    );
  });

  test("lets a market buy wait where sellers run out, with rest times last price held", () => {
    expect(told(previewOf(intent("buy 5 @ market"), market("| 15.00 @ 2", { money: "1000.00" })))).toBe(
      "2 trade for 30.00, 15.00 each; 3 waits, holds 45.00",
    );
    expect(told(previewOf(intent("buy 5 @ market"), market("", { money: "50.00" })))).toContain(
      "holds 50.00",
    );
    const untraded = market("", { stock: stockOf({ last: null }), money: "70.00" });
    expect(told(previewOf(intent("buy 5 @ market"), untraded))).toBe("0 trade; 5 waits, holds 70.00");
  });

  test("trades with who waits at market first: at the limit, or at the last price", () => {
    expect(told(previewOf(intent("buy 5 @ 16.00"), market("| market @ 2\n| 15.50 @ 9")))).toBe(
      "5 trade for 78.50, 15.70 each; 0 none",
    );
    expect(told(previewOf(intent("buy 2 @ market"), market("| market @ 2")))).toContain("for 30.00");
  });

  test("lets two market orders wait for the first price, or take the one that has been named", () => {
    const untraded = stockOf({ last: null });
    expect(told(previewOf(intent("sell 3 @ market"), market("5 @ market |", { stock: untraded })))).toBe(
      "0 trade; 3 waits",
    );
    const named = market("| market @ 3\n| 16.00 @ 4", { stock: untraded });
    expect(told(previewOf(intent("buy 5 @ market"), named))).toContain("5 trade for 80.00");
  });

  test("lets those who wait on both sides have the first price before the newcomer", () => {
    const waiting = market("5 @ market | market @ 3", { stock: stockOf({ last: null }) });
    expect(told(previewOf(intent("sell 4 @ 16.00"), waiting))).toBe("2 trade for 32.00, 16.00 each; 2 waits");
  });

  test("steps over the account's own orders", () => {
    const own = [orderOf({ side: "sell", quantity: 5, price: "15.00" })];
    const preview = previewOf(
      intent("buy 5 @ 15.10"),
      market("| 15.00 @ 5\n| 15.10 @ 5", { ownOrders: own }),
    );
    expect(told(preview)).toBe("5 trade for 75.50, 15.10 each; 0 none");
  });

  test.each([
    ["sell 101 @ 15.00", "insufficient_shares"],
    ["buy 1 @ 15.005", "off_tick"],
    ["buy 1 @ 0", "invalid_price"],
    ["buy 1000000000000 @ 1000.00", "value_too_large"],
  ])("refuses %s: %s", (words, refused) => {
    expect(previewOf(intent(words), market(OFFERS)).refused).toBe(refused);
  });

  test("refuses everything while the stock is halted", () => {
    const halted = market(OFFERS, { stock: stockOf({ halted: true }) });
    expect(previewOf(intent("buy 1 @ 16.00"), halted).refused).toBe("stock_halted");
  });

  test("is not certain beyond the levels that the page has", () => {
    expect(previewOf(intent("buy 20 @ 17.00"), market(OFFERS, { whole: false })).certain).toBe(false);
    expect(previewOf(intent("buy 12 @ 17.00"), market(OFFERS, { whole: false })).certain).toBe(true);
  });
});
