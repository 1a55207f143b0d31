// The tape of one stock: its newest trades, newest first.
import type { TradeId } from "./ids.ts";
import type { Money } from "./money.ts";
import type { Quantity } from "./quantity.ts";
import type { Side } from "./side.ts";
import type { Instant } from "./time.ts";

export interface Trade {
  readonly trade: TradeId;
  readonly price: Money;
  readonly quantity: Quantity;
  /** The taker's. */
  readonly side: Side;
  readonly time: Instant;
}

export const TAPE_KEPT = 200;

/** The tape with new trades, which come oldest first; a trade that is there already is not shown twice. */
export function longerTape(
  tape: readonly Trade[],
  fresh: readonly Trade[],
  kept: number = TAPE_KEPT,
): readonly Trade[] {
  const known = new Set(tape.map((trade) => trade.trade));
  const unseen = fresh.filter((trade) => !known.has(trade.trade));
  return unseen.length === 0 ? tape : [...unseen.reverse(), ...tape].slice(0, kept);
}
