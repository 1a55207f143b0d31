// What the account is told wherever it looks: fills of its orders, and orders whose answer was lost.
//
// Fills of one order that come together are told as one. The ticket tells what its own order did on arrival, so
// the fills in which that order was the taker are not told again.
import type { Execution, Order } from "../model/account.ts";
import type { OrderId } from "../model/ids.ts";
import { averageOf, NO_MONEY, plus, showMoney } from "../model/money.ts";
import { NO_SHARES, type Quantity, showQuantity } from "../model/quantity.ts";
import { notify } from "../ui/notifications.ts";
import { onExecution, onFoundOrder } from "../venue/venue.ts";
import { stockName } from "./stocks.ts";

/** How long fills are collected; the answer to an order is mostly there before. */
const TOGETHER_MS = 400;
const TOLD_KEPT = 100;

let fills: Execution[] = [];
const told = new Set<OrderId>();

/** Called once. */
export function tellAccount(): void {
  onExecution((execution) => {
    if (fills.length === 0) setTimeout(tellFills, TOGETHER_MS);
    fills.push(execution);
  });
  onFoundOrder((order) => notify(foundSentence(order)));
}

/** Whoever placed this order has told what became of it. */
export function tellsItself(order: OrderId): void {
  told.add(order);
  const [oldest] = told;
  if (told.size > TOLD_KEPT && oldest !== undefined) told.delete(oldest);
}

function tellFills(): void {
  const byOrder = Map.groupBy(
    fills.filter(({ order, maker }) => maker || !told.has(order)),
    ({ order }) => order,
  );
  fills = [];
  for (const those of byOrder.values()) {
    const [first] = those;
    if (first !== undefined) notify(fillSentence(first, those), first.side);
  }
}

function fillSentence({ side, stock }: Execution, fills: readonly Execution[]): string {
  const did = side === "buy" ? "Bought" : "Sold";
  const quantity = fills.reduce((sum, fill) => (sum + fill.quantity) as Quantity, NO_SHARES);
  const price = averageOf(
    fills.reduce((sum, fill) => plus(sum, fill.amount), NO_MONEY),
    quantity,
  );
  return `${did} ${showQuantity(quantity)} ${stockName(stock)} at ${showMoney(price ?? NO_MONEY)}.`;
}

function foundSentence({ side, quantity, stock }: Order): string {
  return `Your order arrived after all: ${side} ${showQuantity(quantity)} ${stockName(stock)}.`;
}
