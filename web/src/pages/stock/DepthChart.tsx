// The depth chart: buys to the left of the middle, sells to the right. What is pointed at is told in words.
import { useSignal } from "@preact/signals";
import { decimalsOf, type Money, showMoney, tryParseMoney } from "../../model/money.ts";
import { type Quantity, showQuantity } from "../../model/quantity.ts";
import type { Stock } from "../../model/stock.ts";
import { Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { useBook } from "../../venue/hooks.ts";
import { type Depth, depthAt, depthOf, stepsOf } from "./depth.ts";
import "./plots.css";

export function DepthChart({ stock }: { readonly stock: Stock }) {
  const book = useBook(stock.stock);
  if (book.kind === "loading") return <Loading what="the depth" />;
  if (book.kind === "failed") return <Failed error={book.error} />;
  const depth = depthOf(book.value);
  if (depth === null) return <Empty title="Nobody is waiting" />;
  return <Plot depth={depth} decimals={decimalsOf(stock.tickSize)} />;
}

interface PlotProps {
  readonly depth: Depth;
  readonly decimals: 2 | 3 | 4;
}

function Plot({ depth, decimals }: PlotProps) {
  const { bids, asks, low, high } = depth;
  /** Where the pointer is, from 0 at the left edge to 1. */
  const pointed = useSignal<number | null>(null);
  const price = (part: number) => showAbout(low + part * (high - low), decimals);
  return (
    <figure class="depth">
      <figcaption class="depth-legend">{wordsOf(depth, pointed.value, decimals)}</figcaption>
      <div
        class="depth-frame"
        aria-hidden="true"
        onPointerMove={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          pointed.value = (event.clientX - left) / width;
        }}
        onPointerLeave={() => (pointed.value = null)}
      >
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
          <path class="bids" d={stepsOf(bids, "buy", depth)} />
          <path class="asks" d={stepsOf(asks, "sell", depth)} />
          {pointed.value !== null && <path class="pointed" d={`M${pointed.value * 100} 0V100`} />}
        </svg>
      </div>
      <div class="depth-axis" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{price(part)}</span>
        ))}
      </div>
    </figure>
  );
}

function wordsOf(depth: Depth, pointed: number | null, decimals: 2 | 3 | 4): string {
  const { bids, asks, low, high } = depth;
  const at = pointed === null ? null : depthAt(depth, low + pointed * (high - low));
  if (at !== null) {
    const [who, way] = at.side === "buy" ? ["Buys", "down"] : ["Sells", "up"];
    return `${who} ${way} to ${showMoney(at.price, decimals)}: ${showQuantity(at.shares)} shares, ${showMoney(at.amount)}`;
  }
  const sum = (points: Depth["bids"]) => showQuantity(points.at(-1)?.shares ?? (0 as Quantity));
  return `${sum(bids)} shares to buy, ${sum(asks)} to sell`;
}

function showAbout(price: number, decimals: 2 | 3 | 4): string {
  return showMoney(tryParseMoney(Math.max(0, price).toFixed(decimals)) ?? (0n as Money), decimals);
}
