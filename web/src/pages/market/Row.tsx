// One stock of the list. It is drawn again when its own prices change, and never for others.

import { useRef } from "preact/hooks";
import type { StockId } from "../../model/ids.ts";
import { decimalsOf, forPlot, type Money, showSigned } from "../../model/money.ts";
import { dayBasisPoints, type Sparkline, type Stock } from "../../model/stock.ts";
import { onPhone } from "../../ui/media.ts";
import { Amount, Change, PerCent, Shares } from "../../ui/parts/Figures.tsx";
import { go } from "../../ui/router/router.ts";
import { useStock } from "../../venue/hooks.ts";
import { pathTo } from "../routes.ts";
import { SPARK_HEIGHT, SPARK_WIDTH, sparkPath } from "./spark.ts";

interface RowProps {
  readonly id: StockId;
  /** Its place in the whole list, from 0. */
  readonly at: number;
  /** Whether the Tab key comes here; the arrows go on from here. */
  readonly isEntry: boolean;
  readonly sparkline: Sparkline | undefined;
}

export function Row({ id, at, isEntry, sparkline }: RowProps) {
  const stock = useStock(id);
  if (stock === null) return null;
  const decimals = decimalsOf(stock.tickSize);
  const path = pathTo("stock", { stock: id });
  return (
    <tr
      data-opens=""
      aria-rowindex={at + 2}
      onClick={(event) => {
        if (!(event.target instanceof Element && event.target.closest("a"))) go(path);
      }}
    >
      <th scope="row">
        <a href={path} data-at={at} tabIndex={isEntry ? 0 : -1}>
          {stock.name}
        </a>
        {stock.halted && (
          <span class="badge" data-tone="warn">
            Halted
          </span>
        )}
      </th>
      <td>
        <Spark sparkline={sparkline} stock={stock} />
      </td>
      <td data-align="right" class="market-last">
        <Amount of={stock.lastPrice} decimals={decimals} />
      </td>
      <td data-align="right">
        {onPhone.value ? (
          <PerCent basisPoints={dayBasisPoints(stock)} />
        ) : (
          <Change of={stock.dayChange} basisPoints={dayBasisPoints(stock)} />
        )}
      </td>
      {!onPhone.value && <DeskCells stock={stock} decimals={decimals} />}
    </tr>
  );
}

function DeskCells({ stock, decimals }: { readonly stock: Stock; readonly decimals: 2 | 3 | 4 }) {
  const { bestBid, bestAsk, dayLow, dayHigh, dayVolume } = stock;
  return (
    <>
      {[bestBid, bestAsk, dayLow, dayHigh].map((price, at) => (
        <td key={at} data-align="right">
          <Amount of={price} decimals={decimals} />
        </td>
      ))}
      <td data-align="right">
        <Shares of={dayVolume} />
      </td>
    </>
  );
}

interface SparkProps {
  readonly sparkline: Sparkline | undefined;
  readonly stock: Stock;
}

const FEW_CLOSES = 20;

/** The line ends at the live price. What it says is beside it as text. */
function Spark({ sparkline, stock }: SparkProps) {
  const seen = usePricesSeen(stock.lastPrice);
  if (sparkline === undefined || stock.lastPrice === null) return <span class="muted">–</span>;
  // A market that has just begun has few minutes yet: what was seen since goes on from there.
  const live = sparkline.closes.length < FEW_CLOSES ? seen : [stock.lastPrice];
  const values = [...sparkline.closes, ...live].map(forPlot);
  const rose = (values.at(-1) ?? 0) >= (values[0] ?? 0);
  return (
    <>
      <svg
        class={`spark ${rose ? "up" : "down"}`}
        width={SPARK_WIDTH}
        height={SPARK_HEIGHT}
        viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path d={sparkPath(values)} fill="none" stroke="currentColor" vector-effect="non-scaling-stroke" />
      </svg>
      <span class="unseen">
        {sparkline.change === null ? "no change" : showSigned(sparkline.change)} in the last hour
      </span>
    </>
  );
}

const SEEN_KEPT = 40;

/** The prices that the row has shown, oldest first, without repeats. */
function usePricesSeen(price: Money | null): readonly Money[] {
  const seen = useRef<readonly Money[]>([]);
  if (price !== null && price !== seen.current.at(-1)) {
    seen.current = [...seen.current, price].slice(-SEEN_KEPT);
  }
  return seen.current;
}
