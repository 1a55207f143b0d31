// The tape: the newest trades on top. Only the rows in view are there, and whoever has scrolled down keeps their place.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { decimalsOf, showMoney } from "../../model/money.ts";
import { showQuantity } from "../../model/quantity.ts";
import type { Stock } from "../../model/stock.ts";
import type { Trade } from "../../model/tape.ts";
import { showClock } from "../../model/time.ts";
import { Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { windowOf } from "../../ui/window.ts";
import { useTape } from "../../venue/hooks.ts";
import "./ladder.css";

const SPARE_ROWS = 4;

export function Tape({ stock }: { readonly stock: Stock }) {
  const tape = useTape(stock.stock);
  if (tape.kind === "loading") return <Loading what="trades" />;
  if (tape.kind === "failed") return <Failed error={tape.error} />;
  if (tape.value.length === 0) return <Empty title="No trade yet" />;
  return <Trades stock={stock} trades={tape.value} />;
}

interface TradesProps {
  readonly stock: Stock;
  readonly trades: readonly Trade[];
}

function Trades({ stock, trades }: TradesProps) {
  const frame = useRef<HTMLElement>(null);
  const { row_px, first, end } = useRowsInView(frame, trades);
  const decimals = decimalsOf(stock.tickSize);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="tape" ref={frame} tabIndex={0} aria-label="Newest trades">
      <table class="rungs" aria-rowcount={trades.length + 1}>
        <caption class="unseen">Trades of {stock.name}, newest first</caption>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col">Price</th>
            <th scope="col">Shares</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          <Space height_px={first * row_px} />
          {trades.slice(first, end).map((trade, at) => (
            <tr key={trade.trade} aria-rowindex={first + at + 2} data-side={trade.side}>
              <td>
                {/* The taker's side, by shape as well. */}
                <span aria-hidden="true">{trade.side === "buy" ? "▲" : "▼"}</span>{" "}
                <span class="unseen">{trade.side === "buy" ? "bought at" : "sold at"} </span>
                {showMoney(trade.price, decimals)}
              </td>
              <td>{showQuantity(trade.quantity)}</td>
              <td>{showClock(trade.time)}</td>
            </tr>
          ))}
          <Space height_px={(trades.length - end) * row_px} />
        </tbody>
      </table>
    </section>
  );
}

/** In place of the rows that are not there. */
function Space({ height_px }: { readonly height_px: number }) {
  return height_px <= 0 ? null : (
    <tr>
      <td colSpan={3} style={{ height: `${height_px}px` }} />
    </tr>
  );
}

function useRowsInView(frame: { current: HTMLElement | null }, trades: readonly Trade[]) {
  const top_px = useSignal(0);
  const view_px = useSignal(400);
  const row_px = useSignal(22);
  const newest = useRef(trades[0]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const look = () => {
      top_px.value = element.scrollTop;
    };
    const observer = new ResizeObserver(() => {
      view_px.value = element.clientHeight;
      row_px.value = Number.parseFloat(getComputedStyle(element).lineHeight);
    });
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);

  useLayoutEffect(() => {
    const element = frame.current;
    const came = trades.findIndex(({ trade }) => trade === newest.current?.trade);
    newest.current = trades[0];
    // At the top, where most read, the element itself is not asked: that would lay the page out with every trade.
    if (element !== null && came > 0 && top_px.peek() > 0) element.scrollTop += came * row_px.peek();
  }, [trades]);

  return {
    row_px: row_px.value,
    ...windowOf(top_px.value, view_px.value, row_px.value, trades.length, SPARE_ROWS),
  };
}
