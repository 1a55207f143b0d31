// Sending a ticket: never twice at once. What it came to is notified; what was refused is told at its field.
import { useSignal } from "@preact/signals";
import type { Stock } from "../../model/stock.ts";
import { readTicket, type Ticket } from "../../model/ticket.ts";
import { notify } from "../../ui/notifications.ts";
import { useUser } from "../../venue/hooks.ts";
import { mayHaveHappened, SessionEnded } from "../../venue/problem.ts";
import { pendingOrders } from "../../venue/venue.ts";
import { tellsItself } from "../notices.ts";
import { type Fault, faultOf, outcomeOf, unansweredText } from "./outcome.ts";
import { changeTicket, ticketOf } from "./tickets.ts";

export function useSending(stock: Stock) {
  const ticket = ticketOf(stock.stock);
  const busy = useSignal(false);
  /** With the ticket that it is about: once something else is typed, it is about nothing. */
  const refusal = useSignal<{ readonly of: Ticket; readonly fault: Fault } | null>(null);
  const signedIn = useUser() !== null;

  async function send(): Promise<void> {
    if (busy.peek() || !signedIn) return;
    const sent = ticket.peek();
    const { intent, faults } = readTicket(sent, stock);
    if (intent === null) {
      refusal.value = { of: sent, fault: firstOf(faults) };
      return;
    }
    busy.value = true;
    refusal.value = null;
    try {
      const order = await pendingOrders.place(stock.stock, intent);
      tellsItself(order.order);
      notify(outcomeOf(order, stock.name), order.filled > 0 ? order.side : "info");
      emptied();
    } catch (error) {
      if (mayHaveHappened(error)) {
        notify(unansweredText(error), "warn");
        emptied();
      } else if (!(error instanceof SessionEnded)) {
        // Where the session has ended, the page asks for the password, and the ticket waits as it is.
        refusal.value = { of: sent, fault: faultOf(error) };
      }
    } finally {
      busy.value = false;
    }
  }

  /** So that the Enter key, pressed once more, does not order the same again. */
  function emptied(): void {
    changeTicket(stock.stock, { quantity: "" });
  }

  const { value } = refusal;
  return { send, busy: busy.value, fault: value?.of === ticket.value ? value.fault : null };
}

function firstOf(faults: { readonly quantity?: string; readonly price?: string }): Fault {
  return faults.price === undefined
    ? { field: "quantity", text: faults.quantity ?? "" }
    : { field: "price", text: faults.price };
}
