// The tickets of this tab, one a stock, as typed: they outlive a reload and the end of a session. No secrets in here.
import { effect, type Signal, signal } from "@preact/signals";
import type { StockId } from "../../model/ids.ts";
import { type Money, moneyText } from "../../model/money.ts";
import { EMPTY_TICKET, type Ticket } from "../../model/ticket.ts";

const SHELF = "pricetime.ticket.";
const tickets = new Map<StockId, Signal<Ticket>>();

export function ticketOf(stock: StockId): Signal<Ticket> {
  const known = tickets.get(stock);
  if (known !== undefined) return known;
  const ticket = signal(kept(stock));
  tickets.set(stock, ticket);
  effect(() => sessionStorage.setItem(SHELF + stock, JSON.stringify(ticket.value)));
  return ticket;
}

export function changeTicket(stock: StockId, change: Partial<Ticket>): void {
  const ticket = ticketOf(stock);
  ticket.value = { ...ticket.peek(), ...change };
}

/** A price that somebody has pointed at becomes the limit of the ticket. */
export function fillPrice(stock: StockId, price: Money): void {
  changeTicket(stock, { type: "limit", price: moneyText(price) });
}

function kept(stock: StockId): Ticket {
  try {
    return { ...EMPTY_TICKET, ...JSON.parse(sessionStorage.getItem(SHELF + stock) ?? "{}") };
  } catch {
    return EMPTY_TICKET;
  }
}
