import { expect, test } from "vitest";
import type { TradeId } from "./ids.ts";
import { parseMoney } from "./money.ts";
import { shares } from "./quantity.ts";
import { longerTape, type Trade } from "./tape.ts";
import type { Instant } from "./time.ts";

function trade(id: number): Trade {
  return {
    trade: String(id) as TradeId,
    price: parseMoney("1"),
    quantity: shares(1),
    side: "buy",
    time: id as Instant,
  };
}

test("new trades stand on top, none twice, and the oldest fall off", () => {
  const tape = [trade(2), trade(1)];
  expect(longerTape(tape, [trade(2), trade(3), trade(4)], 3)).toEqual([trade(4), trade(3), trade(2)]);
  expect(longerTape(tape, [trade(1)])).toBe(tape);
});
