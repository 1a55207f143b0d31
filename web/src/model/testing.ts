// For tests: books as pictures (`4 @ 15.50 | 16.00 @ 7`), and stocks and orders with little said.
import type { Order } from "./account.ts";
import type { Book, Level } from "./book.ts";
import type { OrderId, StockId } from "./ids.ts";
import { parseMoney } from "./money.ts";
import { shares } from "./quantity.ts";
import type { Side } from "./side.ts";
import type { Stock } from "./stock.ts";
import type { Instant } from "./time.ts";

export const STOCK = "1" as StockId;

/** One line a level, the best first: buys to the left of the bar, sells to the right. */
export function bookOf(picture: string, event = 1): Book {
  const bids: Level[] = [];
  const asks: Level[] = [];
  let marketBuys = 0;
  let marketSells = 0;
  for (const line of picture.split("\n")) {
    const [left = "", right = ""] = line.split("|").map((half) => half.trim());
    const [buys = "", bid = ""] = left.split("@").map((word) => word.trim());
    const [ask = "", sells = ""] = right.split("@").map((word) => word.trim());
    if (bid === "market") marketBuys += Number(buys);
    else if (bid !== "") bids.push({ price: parseMoney(bid), quantity: shares(Number(buys)), orders: 1 });
    if (ask === "market") marketSells += Number(sells);
    else if (ask !== "") asks.push({ price: parseMoney(ask), quantity: shares(Number(sells)), orders: 1 });
  }
  return {
    stock: STOCK,
    event,
    bids,
    asks,
    marketBuys: shares(marketBuys),
    marketSells: shares(marketSells),
  };
}

export function stockOf(said: { readonly last?: string | null; readonly halted?: boolean } = {}): Stock {
  const last = said.last === undefined ? "15.00" : said.last;
  return {
    stock: STOCK,
    name: "Alderpoint",
    tickSize: parseMoney("0.01"),
    halted: said.halted ?? false,
    lastPrice: last === null ? null : parseMoney(last),
    bestBid: null,
    bestAsk: null,
    dayOpen: null,
    dayHigh: null,
    dayLow: null,
    dayVolume: shares(0),
    dayChange: null,
    sharesListed: shares(1_000),
  };
}

export function orderOf(
  said: Partial<Omit<Order, "price" | "quantity">> & {
    readonly side: Side;
    readonly quantity: number;
    readonly price?: string;
    readonly id?: string;
  },
): Order {
  const { id = "1", price, quantity, ...rest } = said;
  return {
    order: id as OrderId,
    clientOrderId: null,
    stock: STOCK,
    type: price === undefined ? "market" : "limit",
    timeInForce: "gtc",
    postOnly: false,
    filled: shares(0),
    remaining: shares(quantity),
    averagePrice: null,
    status: "open",
    reason: null,
    cut: false,
    createdAt: 0 as Instant,
    updatedAt: 0 as Instant,
    ...rest,
    price: price === undefined ? null : parseMoney(price),
    quantity: shares(quantity),
  };
}
