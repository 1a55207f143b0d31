// The list of stocks: sorted, searched, walked with the arrows. Only rows in view are there, so that 500 stocks cost
// what 40 do; and while somebody points at the list or walks it, it keeps its order.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { StockId } from "../../model/ids.ts";
import type { Sparkline } from "../../model/stock.ts";
import { stepped } from "../../ui/keys.ts";
import { onPhone } from "../../ui/media.ts";
import type { Order } from "../../ui/sorting.ts";
import { piecesOf, type Window, windowOf } from "../../ui/window.ts";
import { api, stores } from "../../venue/venue.ts";
import { arranged, COLUMNS, type Column } from "./columns.ts";
import { Row } from "./Row.tsx";

const SPARE_ROWS = 10;
const ARRANGE_MS = 2_000;
const SPARKLINES_MS = 30_000;

interface ListProps {
  readonly ids: readonly StockId[];
  readonly order: Order;
  readonly onSort: (order: Order) => void;
}

export function List({ ids, order, onSort }: ListProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const sparklines = useSparklines();
  const { window, row_px } = useRowsInView(body, ids.length);
  const walk = useWalk(body, ids, row_px);
  const columns = COLUMNS.filter((column) => column.on !== "desk" || !onPhone.value);
  return (
    <table class="table market-table" aria-rowcount={ids.length + 1}>
      <caption class="unseen">Stocks with their prices of today</caption>
      <thead>
        <tr aria-rowindex={1}>
          {columns.map((column) => (
            <Heading key={column.name} column={column} order={order} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={walk.onKeyDown} onFocusIn={walk.onFocusIn} onFocusOut={walk.onFocusOut}>
        {piecesOf(window, ids.length, walk.entry).map((piece) => {
          if ("missing" in piece) {
            return (
              <tr key={`gap ${piece.missing}`} class="market-gap">
                <td colSpan={columns.length} style={{ height: `${piece.missing * row_px}px` }} />
              </tr>
            );
          }
          const id = ids[piece.at];
          return id === undefined ? null : (
            <Row
              key={id}
              id={id}
              at={piece.at}
              isEntry={piece.at === walk.entry}
              sparkline={sparklines.get(id)}
            />
          );
        })}
      </tbody>
    </table>
  );
}

interface HeadingProps {
  readonly column: Column;
  readonly order: Order;
  readonly onSort: (order: Order) => void;
}

/** Numbers are first sorted from the greatest, words from A. */
function Heading({ column: { name, title, figure, sortBy }, order, onSort }: HeadingProps) {
  const isSorted = order.name === name;
  const next = { name, descending: isSorted ? !order.descending : figure };
  return (
    <th
      scope="col"
      data-align={figure ? "right" : undefined}
      aria-sort={isSorted ? (order.descending ? "descending" : "ascending") : undefined}
    >
      {sortBy === undefined ? (
        title
      ) : (
        <button type="button" onClick={() => onSort(next)}>
          {title}
          {isSorted && <span aria-hidden="true">{order.descending ? "▾" : "▴"}</span>}
        </button>
      )}
    </th>
  );
}

/** The stocks that are found, in their order: anew at once for another search, and every while as prices move. */
export function useArranged(search: string, order: Order, isHeld: () => boolean): readonly StockId[] {
  const ids = useSignal<readonly StockId[]>([]);
  const count = useComputed(() => {
    const prices = stores.prices.state.value;
    return prices.kind === "here" ? prices.value.size : 0;
  }).value;
  const { name, descending } = order;
  const held = useRef(isHeld);
  held.current = isHeld;
  useLayoutEffect(() => {
    const arrange = () => {
      const next = arranged(stores.prices.latest?.values() ?? [], search, { name, descending });
      if (next.length !== ids.peek().length || next.some((id, at) => id !== ids.peek()[at])) ids.value = next;
    };
    arrange();
    const timer = setInterval(() => {
      if (!held.current()) arrange();
    }, ARRANGE_MS);
    return () => clearInterval(timer);
  }, [search, name, descending, count]);
  return ids.value;
}

/** Small charts are worth no error: without them the list shows none. */
function useSparklines(): ReadonlyMap<StockId, Sparkline> {
  const all = useSignal<ReadonlyMap<StockId, Sparkline>>(new Map());
  useEffect(() => {
    const load = () =>
      void api.sparklines().then(
        (sparklines) => (all.value = new Map(sparklines.map((each) => [each.stock, each]))),
        () => undefined,
      );
    load();
    const timer = setInterval(load, SPARKLINES_MS);
    return () => clearInterval(timer);
  }, []);
  return all.value;
}

function useRowsInView(body: { current: HTMLTableSectionElement | null }, count: number) {
  const window = useSignal<Window>({ first: 0, end: 40 });
  const row_px = useSignal(36);
  useLayoutEffect(() => {
    const look = () => {
      if (body.current === null) return;
      row_px.value = body.current.querySelector<HTMLElement>("tr[data-opens]")?.offsetHeight ?? row_px.peek();
      const { top } = body.current.getBoundingClientRect();
      const next = windowOf(-top, innerHeight, row_px.peek(), count, SPARE_ROWS);
      const { first, end } = window.peek();
      if (next.first !== first || next.end !== end) window.value = next;
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [count]);
  const { first, end } = window.value;
  return { window: { first: Math.min(first, count), end: Math.min(end, count) }, row_px: row_px.value };
}

/** The arrows go from stock to stock, Home and End to the ends; the row at which one is stays while one scrolls. */
function useWalk(body: { current: HTMLTableSectionElement | null }, ids: readonly StockId[], row_px: number) {
  const focused = useSignal<StockId | null>(null);
  const wanted = useRef<number | null>(null);
  const at = focused.value === null ? -1 : ids.indexOf(focused.value);

  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const link = body.current?.querySelector<HTMLElement>(`a[data-at="${wanted.current}"]`);
    if (!link) return;
    wanted.current = null;
    link.focus({ preventScroll: true });
  });

  return {
    entry: Math.max(0, at),
    onKeyDown: (event: KeyboardEvent) => {
      const next = stepped(event.key, at, ids.length, "down");
      if (next === null) return;
      event.preventDefault();
      wanted.current = next;
      focused.value = ids[next] ?? null;
      if (body.current !== null) bringIntoView(body.current, next, row_px);
    },
    onFocusIn: (event: FocusEvent) => {
      const place = event.target instanceof HTMLElement ? event.target.dataset["at"] : undefined;
      if (place !== undefined) focused.value = ids[Number(place)] ?? null;
    },
    onFocusOut: (event: FocusEvent) => {
      const stays = event.relatedTarget instanceof Node && body.current?.contains(event.relatedTarget);
      if (!stays && wanted.current === null) focused.value = null;
    },
  };
}

/** A row may not be there yet, so its place is reckoned. */
function bringIntoView(body: HTMLElement, at: number, row_px: number): void {
  const top = body.getBoundingClientRect().top + at * row_px;
  const above = headHeight(body);
  if (top < above) scrollBy(0, top - above);
  else if (top + row_px > innerHeight - row_px) scrollBy(0, top + 2 * row_px - innerHeight);
}

/** What sticks to the top of the window covers rows: the bar, and the headings of the table. */
function headHeight(body: HTMLElement): number {
  const heading = body.parentElement?.querySelector("th");
  return heading ? Number.parseFloat(getComputedStyle(heading).top) + heading.offsetHeight : 0;
}
