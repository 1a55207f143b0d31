// The names of stocks where a sentence wants one.
import type { StockId } from "../model/ids.ts";
import { stores } from "../venue/venue.ts";

export function stockName(stock: StockId): string {
  return stores.prices.latest?.get(stock)?.name ?? `stock ${stock}`;
}
