// The chart of a stock's price: candles and volume, the own fills and open orders in it, and its figures as text.
import { computed, effect, type Signal, signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Candle } from "../../model/candles.ts";
import { basisPoints, decimalsOf, greater, lesser, type Money, minus, showMoney } from "../../model/money.ts";
import { showQuantity, showShort } from "../../model/quantity.ts";
import { INTERVALS, type Interval } from "../../model/side.ts";
import type { Stock } from "../../model/stock.ts";
import { showMoment } from "../../model/time.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Choice } from "../../ui/parts/Field.tsx";
import { PerCent } from "../../ui/parts/Figures.tsx";
import { Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { themeChanges } from "../../ui/theme.ts";
import { useAccount, useCandles } from "../../venue/hooks.ts";
import type { StockChart } from "./chart.ts";
import { fillMarks } from "./fills.ts";
import "./plots.css";

/** Kept from one stock to the next; null: nobody has chosen. */
const chosen = signal<Interval | null>(null);
/** A market that has just begun is better seen closely, until somebody chooses. */
const young = signal(false);
const interval = computed<Interval>(() => chosen.value ?? (young.value ? "5s" : "1m"));
const FEW_CANDLES = 20;

const CHOICES = INTERVALS.map((value) => ({ value, label: value }));

export function IntervalChoice() {
  return (
    <Choice
      label="Interval of the candles"
      value={interval.value}
      options={CHOICES}
      onChange={(value) => (chosen.value = value)}
    />
  );
}

export function Candles({ stock }: { readonly stock: Stock }) {
  const loaded = useCandles(stock.stock, interval.value);
  const account = useAccount();
  const hovered = useSignal<Candle | null>(null);
  const { frame, chart, error, retry } = useChart(stock.tickSize, hovered);
  const candles = loaded.kind === "here" ? loaded.value : null;

  useEffect(() => {
    if (candles === null) return;
    if (interval.peek() === "1m" && candles.length < FEW_CANDLES) young.value = true;
    chart?.setCandles(candles, interval.peek().endsWith("s"));
  }, [chart, candles]);

  const executions = account.kind === "here" ? account.value.executions : null;
  const last = candles?.at(-1)?.start;
  // The marks move with the candles' starts alone, not with each trade in the last of them.
  useEffect(() => {
    if (candles !== null) chart?.setFills(fillMarks(executions ?? [], candles, stock.stock));
  }, [chart, executions, last, candles?.length]);

  const orders = account.kind === "here" ? account.value.orders : null;
  useEffect(() => {
    chart?.setOrders((orders ?? []).filter((order) => order.stock === stock.stock));
  }, [chart, orders, stock.stock]);

  return (
    <div class="candles">
      <Legend candle={hovered.value ?? candles?.at(-1) ?? null} tick={stock.tickSize} />
      <div class="candles-frame" ref={frame} aria-hidden="true" />
      {loaded.kind === "loading" && <Loading what="candles" />}
      {loaded.kind === "failed" && <Failed error={loaded.error} />}
      {error !== null && <Failed error={error} onRetry={retry} />}
      {candles?.length === 0 && <Empty title="No trade yet" />}
      <p class="unseen">{candles && summaryOf(candles, interval.value, stock)}</p>
      <div class="candles-foot">
        <Button kind="quiet" onPress={() => chart?.toNewest()}>
          To the newest
        </Button>
        <a href="https://www.tradingview.com/" target="_blank" rel="noopener noreferrer">
          Charts by TradingView
        </a>
      </div>
    </div>
  );
}

interface LegendProps {
  readonly candle: Candle | null;
  readonly tick: Money;
}

/** The figures of the candle that is pointed at, else of the newest. */
function Legend({ candle, tick }: LegendProps) {
  if (candle === null) return <p class="candles-legend">&nbsp;</p>;
  const { start, open, high, low, close, volume } = candle;
  const decimals = decimalsOf(tick);
  const prices = [
    ["O", open],
    ["H", high],
    ["L", low],
    ["C", close],
  ] as const;
  return (
    <p class="candles-legend" aria-hidden="true">
      <span>{showMoment(start)}</span>
      {prices.map(([name, price]) => (
        <span key={name}>
          {name} <b>{showMoney(price, decimals)}</b>
        </span>
      ))}
      <PerCent basisPoints={basisPoints(minus(close, open), open)} />
      <span>
        Vol <b>{showShort(volume)}</b>
      </span>
    </p>
  );
}

function summaryOf(candles: readonly Candle[], of: Interval, { name, tickSize }: Stock): string {
  const [first, last] = [candles[0], candles.at(-1)];
  if (first === undefined || last === undefined) return `${name} has not traded yet.`;
  const show = (price: Money) => showMoney(price, decimalsOf(tickSize));
  const high = candles.map((candle) => candle.high).reduce(greater);
  const low = candles.map((candle) => candle.low).reduce(lesser);
  return (
    `${candles.length} candles of ${of} since ${showMoment(first.start)}: from ${show(first.open)} to ` +
    `${show(last.close)}, highest ${show(high)}, lowest ${show(low)}; ` +
    `the newest has a volume of ${showQuantity(last.volume)} shares.`
  );
}

/** The chart in its frame, once its file is here. */
function useChart(tick: Money, hovered: Signal<Candle | null>) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useSignal<StockChart | null>(null);
  const error = useSignal<unknown>(null);
  const tries = useSignal(0);
  useEffect(() => {
    let left = false;
    let stopColours: (() => void) | null = null;
    import("./chart.ts").then(
      ({ StockChart }) => {
        if (left || frame.current === null) return;
        const made = new StockChart(frame.current, tick, (candle) => (hovered.value = candle));
        chart.value = made;
        stopColours = effect(() => {
          if (themeChanges.value > 0) made.recolour();
        });
      },
      (reason: unknown) => (error.value = reason),
    );
    return () => {
      left = true;
      stopColours?.();
      chart.peek()?.remove();
      chart.value = null;
    };
  }, [tick, tries.value]);
  const retry = () => {
    error.value = null;
    tries.value += 1;
  };
  return { frame, chart: chart.value, error: error.value, retry };
}
