// What became of an order or of a refusal, in sentences. Pure.
import type { Order } from "../../model/account.ts";
import { showMoney } from "../../model/money.ts";
import { showQuantity } from "../../model/quantity.ts";
import { isOpen } from "../../model/side.ts";
import { capital, orderWords, whyClosed } from "../../model/words.ts";
import { Refused, sentenceOf } from "../../venue/problem.ts";

/** What has happened to an order that was just placed. */
export function outcomeOf(order: Order, name: string): string {
  const cut = order.cut
    ? ` The wallet pays ${showQuantity(order.quantity)}, so the order was cut to that.`
    : "";
  return `${happenedTo(order, name)}.${cut}`;
}

function happenedTo(order: Order, name: string): string {
  const { side, quantity, filled, remaining, status } = order;
  const did = side === "buy" ? "Bought" : "Sold";
  const at = order.averagePrice === null ? "" : ` at ${showMoney(order.averagePrice)}`;
  if (status === "filled") return `${did} ${showQuantity(filled)} ${name}${at}`;
  const offer = capital(orderWords(order, name));
  if (isOpen(status)) {
    if (filled === 0) return `${offer} waits ${waitingFor(order)}`;
    const rest = `${showQuantity(remaining)} more wait ${waitingFor(order)}`;
    return `${did} ${showQuantity(filled)} ${name}${at}; ${rest}`;
  }
  if (filled === 0) return `${offer} closed without a trade: ${whyClosed(order.reason)}`;
  const part = `${did} ${showQuantity(filled)} of ${showQuantity(quantity)} ${name}${at}`;
  return `${part}; the rest closed: ${whyClosed(order.reason)}`;
}

function waitingFor({ side, price }: Order): string {
  if (price !== null) return "in the book";
  return side === "buy" ? "for sellers" : "for buyers";
}

/** A sentence, and the field of the ticket that it belongs to. */
export interface Fault {
  readonly field: "quantity" | "price" | null;
  readonly text: string;
}

const FIELDS: Readonly<Record<string, "quantity" | "price">> = {
  invalid_quantity: "quantity",
  value_too_large: "quantity",
  share_limit: "quantity",
  insufficient_funds: "quantity",
  insufficient_shares: "quantity",
  invalid_price: "price",
  off_tick: "price",
  would_take: "price",
};

export function faultOf(error: unknown): Fault {
  const field = error instanceof Refused ? FIELDS[error.code] : undefined;
  return { field: field ?? null, text: sentenceOf(error) };
}

/** Of an order that may have been placed: it is among the own orders meanwhile, on its way. */
export function unansweredText(error: unknown): string {
  return `${sentenceOf(error)} Whether the order has arrived is being found out; do not place it again.`;
}
