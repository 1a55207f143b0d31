// The order book as a ladder: sells above, buys below, the spread between them. It is one stop of the Tab key; the
// arrows walk its prices, and a press on one puts it in the ticket.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Order } from "../../model/account.ts";
import type { Book } from "../../model/book.ts";
import { decimalsOf, type Money, showMoney } from "../../model/money.ts";
import { type Quantity, showQuantity } from "../../model/quantity.ts";
import type { Side } from "../../model/side.ts";
import type { Stock } from "../../model/stock.ts";
import { stepped } from "../../ui/keys.ts";
import { onPhone } from "../../ui/media.ts";
import { Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { useAccount, useBook } from "../../venue/hooks.ts";
import { ladderOf, type Rung } from "./ladder.ts";
import "./ladder.css";

interface LadderProps {
  readonly stock: Stock;
  readonly onPick: (price: Money) => void;
}

const FEWEST_ROWS = 5;
const MOST_ROWS = 20;
const PHONE_ROWS = 8;
/** The headings, and the spread. */
const OTHER_ROWS = 2;

export function Ladder({ stock, onPick }: LadderProps) {
  const book = useBook(stock.stock);
  const account = useAccount();
  const frame = useRef<HTMLDivElement>(null);
  const rows = useRowsThatFit(frame);
  return (
    <div class="ladder" ref={frame}>
      {book.kind === "loading" && <Loading what="the order book" />}
      {book.kind === "failed" && <Failed error={book.error} />}
      {book.kind === "here" &&
        (isEmpty(book.value) ? (
          <Empty title="Nobody is waiting">The first order makes the market.</Empty>
        ) : (
          <Rungs
            stock={stock}
            book={book.value}
            orders={account.kind === "here" ? account.value.orders : []}
            rows={rows}
            onPick={onPick}
          />
        ))}
    </div>
  );
}

function isEmpty({ bids, asks, marketBuys, marketSells }: Book): boolean {
  return bids.length + asks.length + marketBuys + marketSells === 0;
}

interface RungsProps extends LadderProps {
  readonly book: Book;
  readonly orders: readonly Order[];
  /** Of each side, with what waits at market. */
  readonly rows: number;
}

function Rungs({ stock, book, orders, rows, onPick }: RungsProps) {
  const room = {
    bids: rows - Number(book.marketBuys > 0),
    asks: rows - Number(book.marketSells > 0),
  };
  const { bids, asks, spread, spreadBasisPoints } = ladderOf(book, orders, room);
  const prices = [...asks].reverse().concat(bids);
  const body = useRef<HTMLTableElement>(null);
  const { entry, onFocus, onBlur } = useFocusedPrice(body, prices, asks.length);
  const walk = (event: KeyboardEvent) => {
    const buttons = [...(body.current?.querySelectorAll("button") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    const next = stepped(event.key, at, buttons.length, "down");
    if (at < 0 || next === null) return;
    event.preventDefault();
    buttons[next]?.focus();
  };
  const rung = (side: Side) => (row: Rung) => (
    <Row
      key={String(row.price)}
      row={row}
      side={side}
      decimals={decimalsOf(stock.tickSize)}
      isEntry={row.price === entry}
      onPick={onPick}
    />
  );
  return (
    <table class="rungs" ref={body} onKeyDown={walk} onFocusIn={onFocus} onFocusOut={onBlur}>
      <caption class="unseen">Order book of {stock.name}: sells above, buys below</caption>
      <thead>
        <tr>
          <th scope="col">Price</th>
          <th scope="col">Shares</th>
          <th scope="col">Total</th>
        </tr>
      </thead>
      <tbody data-side="sell">
        <Gap rows={room.asks - asks.length} />
        {[...asks].reverse().map(rung("sell"))}
        <AtMarket side="sell" quantity={book.marketSells} />
      </tbody>
      <tbody>
        <tr class="spread">
          <th scope="row">Spread</th>
          <td>{spread === null ? "–" : showMoney(spread, decimalsOf(stock.tickSize))}</td>
          <td>{spreadBasisPoints !== null && `${(spreadBasisPoints / 100).toFixed(2)}%`}</td>
        </tr>
      </tbody>
      <tbody data-side="buy">
        <AtMarket side="buy" quantity={book.marketBuys} />
        {bids.map(rung("buy"))}
        <Gap rows={room.bids - bids.length} />
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly row: Rung;
  readonly side: Side;
  readonly decimals: 2 | 3 | 4;
  readonly isEntry: boolean;
  readonly onPick: (price: Money) => void;
}

function Row({ row, side, decimals, isEntry, onPick }: RowProps) {
  const price = showMoney(row.price, decimals);
  return (
    // The row is a larger mark for the mouse; the button in it is what the keyboard and screen readers have.
    <tr data-side={side} style={{ "--depth": `${row.depth_per_cent}%` }} onClick={() => onPick(row.price)}>
      <td>
        <button
          type="button"
          data-price={String(row.price)}
          tabIndex={isEntry ? 0 : -1}
          title={row.own > 0 ? `${showQuantity(row.own)} of these shares are yours` : undefined}
        >
          {price}
          {row.own > 0 && (
            <span class="own">
              <span aria-hidden="true">◆</span>
              <span class="unseen">, yours {showQuantity(row.own)}</span>
            </span>
          )}
        </button>
      </td>
      <td>{showQuantity(row.quantity)}</td>
      <td>{showQuantity(row.total)}</td>
    </tr>
  );
}

/** Orders at market stand before every price. */
function AtMarket({ side, quantity }: { readonly side: Side; readonly quantity: Quantity }) {
  if (quantity === 0) return null;
  return (
    <tr class="at-market" data-side={side}>
      <th scope="row">At market</th>
      <td>{showQuantity(quantity)}</td>
      <td />
    </tr>
  );
}

/** Empty rows beyond few orders keep the spread where it is. */
function Gap({ rows }: { readonly rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="gap">
      <td colSpan={3} style={{ height: `calc(${rows} * var(--rung))` }} />
    </tr>
  );
}

/** The price that has the focus, or would get it: it stays with its price while the book moves around it. */
function useFocusedPrice(body: { current: HTMLTableElement | null }, rows: readonly Rung[], asks: number) {
  const focused = useSignal<Money | null>(null);
  const isThere = rows.some(({ price }) => price === focused.value);
  const entry = isThere ? focused.value : (rows[Math.max(0, asks - 1)]?.price ?? null);
  useLayoutEffect(() => {
    // A price that has gone takes the focus with it, unless its neighbour takes over.
    if (focused.peek() === null || isThere || document.activeElement !== document.body) return;
    body.current?.querySelector<HTMLElement>('button[tabindex="0"]')?.focus();
  });
  return {
    entry,
    onFocus: (event: FocusEvent) => {
      const price = event.target instanceof HTMLElement ? event.target.dataset["price"] : undefined;
      focused.value = price === undefined ? null : (BigInt(price) as Money);
    },
    onBlur: (event: FocusEvent) => {
      if (event.target instanceof HTMLElement && event.target.isConnected) focused.value = null;
    },
  };
}

/** How many rows a side has room for, of the height of a line. On phones, where the page scrolls, it is always the same. */
function useRowsThatFit(frame: { current: HTMLDivElement | null }): number {
  const fitting = useSignal(PHONE_ROWS);
  const phone = onPhone.value;
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null || phone) return;
    const observer = new ResizeObserver(() => {
      const row_px = Number.parseFloat(getComputedStyle(element).lineHeight);
      const rows = Math.floor((element.clientHeight / row_px - OTHER_ROWS) / 2);
      fitting.value = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, rows));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [phone]);
  return phone ? PHONE_ROWS : fitting.value;
}
