// What the account is told wherever it looks: fills of its orders, and orders whose answer was lost.
import type { Execution, Order } from "../model/account.ts";
import { showMoney } from "../model/money.ts";
import { showQuantity } from "../model/quantity.ts";
import { notify } from "../ui/notifications.ts";
import { onExecution, onFoundOrder, stores } from "../venue/venue.ts";

/** Called once. */
export function tellAccount(): void {
  onExecution((execution) => notify(fillSentence(execution), execution.side));
  onFoundOrder((order) => notify(foundSentence(order)));
}

function fillSentence({ side, quantity, stock, price }: Execution): string {
  const did = side === "buy" ? "Bought" : "Sold";
  return `${did} ${showQuantity(quantity)} ${nameOf(stock)} at ${showMoney(price)}`;
}

function foundSentence({ side, quantity, stock }: Order): string {
  return `Your order arrived after all: ${side} ${showQuantity(quantity)} ${nameOf(stock)}`;
}

function nameOf(stock: Order["stock"]): string {
  return stores.prices.latest?.get(stock)?.name ?? `stock ${stock}`;
}
