// What components use to see the market: each hook keeps its channel up to date while the component is there.
import { computed } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Account } from "../model/account.ts";
import type { Book } from "../model/book.ts";
import type { Candle } from "../model/candles.ts";
import type { StockId } from "../model/ids.ts";
import type { Interval } from "../model/side.ts";
import type { Stock } from "../model/stock.ts";
import type { Trade } from "../model/tape.ts";
import type { ChannelStore, Loadable } from "./channel-store.ts";
import type { Prices } from "./stores.ts";
import { session, stores } from "./venue.ts";
import type { WireUser } from "./wire.ts";

function useStore<T>(store: ChannelStore<T>): Loadable<T> {
  useEffect(() => store.use(), [store]);
  return store.state.value;
}

export function usePrices(): Loadable<Prices> {
  return useStore(stores.prices);
}

/** One stock, drawn again only when it changes; null: not listed, or not known yet (see `usePrices`). */
export function useStock(stock: StockId): Stock | null {
  const found = useMemo(
    () =>
      computed(() => {
        const prices = stores.prices.state.value;
        return prices.kind === "here" ? (prices.value.get(stock) ?? null) : null;
      }),
    [stock],
  );
  return found.value;
}

export function useBook(stock: StockId): Loadable<Book> {
  return useStore(stores.book(stock));
}

export function useTape(stock: StockId): Loadable<readonly Trade[]> {
  return useStore(stores.tape(stock));
}

export function useCandles(stock: StockId, interval: Interval): Loadable<readonly Candle[]> {
  return useStore(stores.candles(stock, interval));
}

/** The account that is signed in. It is followed as long as the session; where there is none it stays loading. */
export function useAccount(): Loadable<Account> {
  return stores.account.state.value;
}

/** Who is signed in, also while the session has expired and waits to be opened again. */
export function useUser(): WireUser | null {
  const state = session.state.value;
  return state.kind === "open" || state.kind === "expired" ? state.user : null;
}
