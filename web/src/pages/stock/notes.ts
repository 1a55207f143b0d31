// What somebody should know before sending a ticket, in sentences: from its preview. Pure.
import { type Money, sharesPaid, showMoney, times } from "../../model/money.ts";
import type { Intent, Preview, Refusal } from "../../model/preview.ts";
import { type Quantity, showQuantity } from "../../model/quantity.ts";
import type { Stock } from "../../model/stock.ts";

/** Null: not known. */
export interface Means {
  readonly money: Money | null;
  readonly shares: Quantity | null;
}

export function notesOf(preview: Preview, intent: Intent, stock: Stock, means: Means): readonly string[] {
  if (preview.refused !== null) return [`Would be refused: ${refusalText(preview.refused, intent, means)}.`];
  const notes: string[] = [];
  const { trades, remaining, rest, cutTo } = preview;
  const others = intent.side === "buy" ? "Sellers" : "Buyers";
  if (cutTo !== null) notes.push(`The wallet pays ${showQuantity(cutTo)} shares: the order is cut to that.`);
  if (rest === "out_of_money") {
    notes.push(`The money runs out after ${showQuantity(trades)}: ${showQuantity(remaining)} are closed.`);
  }
  if (rest === "waits" && intent.price === null) {
    const after = trades === 0 ? "Nobody is there now" : `${others} run out after ${showQuantity(trades)}`;
    notes.push(`${after}: ${showQuantity(remaining)} wait at market for the next.`);
  }
  if (rest === "expires") {
    notes.push(`${showQuantity(remaining)} find nobody and are cancelled at once.`);
  }
  if (rest === "killed") notes.push("It cannot be filled whole now, so nothing would trade.");
  if (farFrom(preview, intent, stock)) notes.push("The price is more than 10% from the last trade.");
  if (!preview.certain) notes.push("About, as more orders stand behind those that are shown.");
  return notes;
}

function refusalText(refused: Refusal, intent: Intent, { money, shares }: Means): string {
  switch (refused) {
    case "stock_halted":
      return "the stock is halted";
    case "insufficient_funds": {
      if (money === null) return "not enough free money";
      const needs =
        intent.price === null ? "" : `; this needs ${showMoney(times(intent.price, intent.quantity))}`;
      const pays = intent.price === null ? 0 : sharesPaid(money, intent.price);
      return `${showMoney(money)} is free${pays > 0 ? `, which pays ${showQuantity(pays as Quantity)} shares` : needs}`;
    }
    case "insufficient_shares":
      return shares === null ? "not enough free shares" : `${showQuantity(shares)} shares are free to sell`;
    case "would_take":
      return "it is post-only, and would trade at once";
    case "invalid_quantity":
      return "the quantity is out of range";
    case "invalid_price":
      return "the price is out of range";
    case "off_tick":
      return "the price is between two ticks";
    case "value_too_large":
      return "price times quantity is too large";
  }
}

/** A slip of the finger is mostly a factor of ten. */
function farFrom({ trades, rest }: Preview, { price, side }: Intent, { lastPrice }: Stock): boolean {
  if (price === null || lastPrice === null || (trades === 0 && rest !== "waits")) return false;
  const worse = side === "buy" ? price - lastPrice : lastPrice - price;
  return worse * 10n > lastPrice;
}
