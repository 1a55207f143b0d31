// The ticket as a person fills it in, and the intent or the faults that its fields amount to.
import { type Money, moneyTyped, showMoney } from "./money.ts";
import type { Intent } from "./preview.ts";
import { NO_QUANTITY_TYPED, quantityTyped } from "./quantity.ts";
import type { OrderType, Side, TimeInForce } from "./side.ts";
import type { Stock } from "./stock.ts";

/** What stands in the fields, as typed. */
export interface Ticket {
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: string;
  readonly price: string;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
}

export const EMPTY_TICKET: Ticket = {
  side: "buy",
  type: "limit",
  quantity: "",
  price: "",
  timeInForce: "gtc",
  postOnly: false,
};

/** A sentence for each field that cannot stand as it is. */
export interface TicketFaults {
  readonly quantity?: string;
  readonly price?: string;
}

export type TicketReading =
  | { readonly intent: Intent; readonly faults: null }
  | { readonly intent: null; readonly faults: TicketFaults };

export function readTicket(ticket: Ticket, stock: Stock): TicketReading {
  const quantity = quantityTyped(ticket.quantity);
  const price = ticket.type === "market" ? null : moneyTyped(ticket.price);
  const priceFault = ticket.type === "market" ? null : faultOfPrice(price, stock);
  if (quantity === null || priceFault !== null) {
    return {
      intent: null,
      faults: {
        ...(quantity === null && { quantity: NO_QUANTITY_TYPED }),
        ...(priceFault !== null && { price: priceFault }),
      },
    };
  }
  const postOnly = ticket.postOnly && canPost(ticket);
  const { side, type, timeInForce } = ticket;
  return { intent: { side, type, quantity, price, timeInForce, postOnly }, faults: null };
}

/** Only what may wait can promise not to take. */
export function canPost({ type, timeInForce }: Ticket): boolean {
  return type === "limit" && timeInForce === "gtc";
}

/** The next price on the tick above or below one, never under one tick. */
export function steppedPrice(price: Money, tick: Money, by: 1 | -1): Money {
  const over = price % tick;
  const next = by === 1 ? price - over + tick : price - (over === 0n ? tick : over);
  return (next < tick ? tick : next) as Money;
}

export function faultOfPrice(price: Money | null, stock: Stock): string | null {
  if (price === null || price <= 0n) return "Enter a price above zero, such as 135.50.";
  if (price % stock.tickSize === 0n) return null;
  const below = (price - (price % stock.tickSize)) as Money;
  const above = (below + stock.tickSize) as Money;
  return `Prices go in steps of ${showMoney(stock.tickSize)}: ${showMoney(below)} or ${showMoney(above)}.`;
}
