// What the list of stocks can be sorted by, and which stocks of it are shown in which order. Pure.
import type { StockId } from "../../model/ids.ts";
import { dayBasisPoints, type Stock } from "../../model/stock.ts";
import { type Order, type SortKey, sorted } from "../../ui/sorting.ts";

export interface Column {
  readonly name: string;
  readonly title: string;
  readonly figure: boolean;
  /** Columns without cannot be sorted by. */
  readonly sortBy?: (stock: Stock) => SortKey;
  readonly on?: "desk";
}

export const COLUMNS: readonly Column[] = [
  { name: "name", title: "Stock", figure: false, sortBy: ({ name }) => name.toLowerCase() },
  { name: "spark", title: "Last hour", figure: false },
  { name: "last", title: "Last", figure: true, sortBy: ({ lastPrice }) => lastPrice },
  { name: "change", title: "Today", figure: true, sortBy: dayBasisPoints },
  { name: "bid", title: "Bid", figure: true, on: "desk" },
  { name: "ask", title: "Ask", figure: true, on: "desk" },
  { name: "low", title: "Low", figure: true, on: "desk" },
  { name: "high", title: "High", figure: true, on: "desk" },
  { name: "volume", title: "Volume", figure: true, sortBy: ({ dayVolume }) => dayVolume, on: "desk" },
];

/** Those whose name has the words that are searched for, anywhere in it. */
export function arranged(
  stocks: Iterable<Stock>,
  search: string,
  { name, descending }: Order,
): readonly StockId[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [...stocks].filter((stock) => words.every((word) => stock.name.toLowerCase().includes(word)));
  const by = COLUMNS.find((column) => column.name === name)?.sortBy ?? (() => null);
  return sorted(found, by, descending).map(({ stock }) => stock);
}

/** How the day goes, in words. */
export function summaryOf(stocks: Iterable<Stock>): string {
  let [all, up, down, halted] = [0, 0, 0, 0];
  for (const stock of stocks) {
    all += 1;
    const change = stock.dayChange ?? 0n;
    if (change > 0n) up += 1;
    if (change < 0n) down += 1;
    if (stock.halted) halted += 1;
  }
  const parts = [`${all} ${all === 1 ? "stock" : "stocks"}`, `${up} up`, `${down} down`];
  return (halted > 0 ? [...parts, `${halted} halted`] : parts).join(" · ");
}
