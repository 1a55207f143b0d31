// An order's state in plain words. The names are the venue's; a name that is not known is shown as it is.
import type { Order } from "./account.ts";
import { type Money, showMoney } from "./money.ts";
import { showQuantity } from "./quantity.ts";
import type { OrderStatus, TimeInForce } from "./side.ts";

const STATUSES: Readonly<Record<OrderStatus, string>> = {
  open: "Open",
  partially_filled: "Partly filled",
  filled: "Filled",
  cancelled: "Cancelled",
  expired: "Expired",
};

/** Their status says it all. */
const SAID_BY_STATUS = new Set(["filled", "cancelled"]);

/** Why orders close, in words that end a sentence. */
const WHY: Readonly<Record<string, string>> = {
  filled: "it is filled",
  cancelled: "it was cancelled",
  ioc: "nobody else was at its price",
  fok: "it could not be filled whole at once",
  self_trade: "it met an order of your own",
  insufficient_funds: "the money ran out",
};

const TIMES: Readonly<Record<TimeInForce, string>> = {
  gtc: "Until cancelled",
  ioc: "At once, the rest cancelled",
  fok: "At once and whole, or not at all",
};

export function statusWord(status: OrderStatus): string {
  return STATUSES[status] ?? status;
}

export function timeInForceWords(timeInForce: TimeInForce): string {
  return TIMES[timeInForce] ?? timeInForce;
}

export function whyClosed(reason: string | null): string {
  return reason === null ? "it is closed" : (WHY[reason] ?? plain(reason));
}

/** What there is to say besides the status; empty: nothing. */
export function outcomeOf({ cut, quantity, reason }: Order): string {
  const sentences = [];
  if (cut) sentences.push(`It was cut to the ${showQuantity(quantity)} that the wallet could pay.`);
  if (reason !== null && !SAID_BY_STATUS.has(reason)) sentences.push(`It closed: ${whyClosed(reason)}.`);
  return sentences.join(" ");
}

/** An order in a few words, such as "buy 10 Apple at 135.50". */
export function orderWords({ side, quantity, price }: Order, stock: string): string {
  return `${side} ${showQuantity(quantity)} ${stock} ${atPrice(price)}`;
}

/** `at 15.50`, or `at market`. */
export function atPrice(price: Money | null): string {
  return price === null ? "at market" : `at ${showMoney(price)}`;
}

/** With a capital at its beginning. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The venue's own name for something, as words. */
export function plain(name: string): string {
  return name.replaceAll("_", " ");
}
