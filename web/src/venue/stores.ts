// The stores of the page: prices, books, tapes, candles, and the account that is signed in.
import { type Account, changedAccount, type Execution, executionKey } from "../model/account.ts";
import { type Book, changedBook } from "../model/book.ts";
import { type Candle, mergedCandles } from "../model/candles.ts";
import type { StockId } from "../model/ids.ts";
import type { Interval } from "../model/side.ts";
import type { Stock } from "../model/stock.ts";
import { longerTape, type Trade } from "../model/tape.ts";
import { ChannelStore } from "./channel-store.ts";
import * as decode from "./decode.ts";
import type { Stream } from "./stream.ts";
import type * as wire from "./wire.ts";

/** Levels of a book that the page keeps of each side. */
export const BOOK_LEVELS = 50;

export type Prices = ReadonlyMap<StockId, Stock>;

export interface AccountEvents {
  /** Every execution after the first snapshot of the account, once, oldest first. */
  executed(execution: Execution): void;
  /** The stream was opened under a session that has ended. */
  sessionEnded(): void;
}

export class Stores {
  readonly prices: ChannelStore<Prices>;
  readonly account: ChannelStore<Account>;
  readonly #stream: Stream;
  readonly #books = new Map<StockId, ChannelStore<Book>>();
  readonly #tapes = new Map<StockId, ChannelStore<readonly Trade[]>>();
  readonly #candles = new Map<string, ChannelStore<readonly Candle[]>>();

  constructor(stream: Stream, { executed, sessionEnded }: AccountEvents) {
    this.#stream = stream;
    this.prices = new ChannelStore<Prices>(
      stream,
      { channel: "prices" },
      {
        snapshot: (data) => withStocks(new Map(), data as readonly wire.WireStock[]),
        update: (prices, data) => withStocks(prices, data as readonly wire.WireStock[]),
      },
    );
    this.account = new ChannelStore<Account>(
      stream,
      { channel: "account" },
      {
        snapshot: (data, before) => {
          const account = decode.account(data as wire.WireAccount);
          if (before !== null) unseen(before.executions, [...account.executions].reverse()).forEach(executed);
          return account;
        },
        update: (account, data) => {
          const change = decode.accountChange(data as wire.WireAccountChange);
          unseen(account.executions, change.executions).forEach(executed);
          return changedAccount(account, change);
        },
        refused: ({ code }) => {
          if (code === "token_invalid") sessionEnded();
        },
      },
    );
  }

  book(stock: StockId): ChannelStore<Book> {
    return kept(this.#books, stock, () => {
      const subscription = { channel: "depth", stock, levels: BOOK_LEVELS } as const;
      return new ChannelStore<Book>(this.#stream, subscription, {
        snapshot: (data) => decode.book(data as wire.WireBook),
        update: (book, data) => changedBook(book, decode.bookChange(data as wire.WireBookChange)),
      });
    });
  }

  tape(stock: StockId): ChannelStore<readonly Trade[]> {
    return kept(this.#tapes, stock, () => {
      return new ChannelStore<readonly Trade[]>(
        this.#stream,
        { channel: "trades", stock },
        {
          snapshot: (data) => (data as readonly wire.WireTrade[]).map(decode.trade),
          update: (tape, data) => longerTape(tape, (data as readonly wire.WireTrade[]).map(decode.trade)),
        },
      );
    });
  }

  candles(stock: StockId, interval: Interval): ChannelStore<readonly Candle[]> {
    return kept(this.#candles, `${stock}/${interval}`, () => {
      return new ChannelStore<readonly Candle[]>(
        this.#stream,
        { channel: "candles", stock, interval },
        {
          snapshot: (data) => mergedCandles([], (data as readonly wire.WireCandle[]).map(decode.candle)),
          update: (candles, data) =>
            mergedCandles(candles, (data as readonly wire.WireCandle[]).map(decode.candle)),
        },
      );
    });
  }
}

function withStocks(prices: Prices, changed: readonly wire.WireStock[]): Prices {
  const merged = new Map(prices);
  for (const each of changed) merged.set(each.stock, decode.stock(each));
  return merged;
}

function unseen(known: readonly Execution[], those: readonly Execution[]): readonly Execution[] {
  const keys = new Set(known.map(executionKey));
  return those.filter((execution) => !keys.has(executionKey(execution)));
}

function kept<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
