// Cancelling one order: never twice at once. What it came to is notified.
import { useSignal } from "@preact/signals";
import type { Order } from "../../model/account.ts";
import { notify } from "../../ui/notifications.ts";
import { sentenceOf } from "../../venue/problem.ts";
import { api } from "../../venue/venue.ts";
import { outcomeOf } from "../stock/outcome.ts";
import { stockName } from "../stocks.ts";

/** `what`: the order in words, as they fit the place. */
export function useCancel(order: Order, what: string) {
  const busy = useSignal(false);
  async function cancel(): Promise<void> {
    if (busy.peek()) return;
    busy.value = true;
    try {
      const answer = await api.cancel(order.order);
      notify(answer.alreadyClosed ? outcomeOf(answer.order, stockName(order.stock)) : `Cancelled: ${what}.`);
    } catch (error) {
      notify(`Not cancelled: ${what}. ${sentenceOf(error)}`, "error");
    } finally {
      busy.value = false;
    }
  }
  return { cancel: () => void cancel(), busy: busy.value };
}
