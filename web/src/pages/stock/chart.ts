// The candles on a canvas, by lightweight-charts; its file is loaded where a chart is shown. Its own logo is off: the
// page shows the attribution as a link beside the chart.
import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Order } from "../../model/account.ts";
import type { Candle } from "../../model/candles.ts";
import { decimalsOf, forPlot, type Money } from "../../model/money.ts";
import { showShort } from "../../model/quantity.ts";
import type { Instant } from "../../model/time.ts";
import { colourOf } from "../../ui/theme.ts";
import type { FillMark } from "./fills.ts";
import { linesOf, type OrderLine } from "./lines.ts";

const VOLUME_TOP = 0.84;
const CANDLES_BOTTOM = 0.2;

export class StockChart {
  readonly #chart: IChartApi;
  readonly #price: ISeriesApi<"Candlestick">;
  readonly #volume: ISeriesApi<"Histogram">;
  readonly #marks: ISeriesMarkersPluginApi<Time>;
  readonly #lines = new Map<string, IPriceLine>();
  #candles: readonly Candle[] = [];
  #orders: readonly Order[] = [];
  #fills: readonly FillMark[] = [];
  #colours = colours();

  /** `hovered` hears of the candle that is pointed at; null: none is. */
  constructor(frame: HTMLElement, tick: Money, hovered: (candle: Candle | null) => void) {
    this.#chart = createChart(frame, {
      autoSize: true,
      layout: { attributionLogo: false },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, rightOffset: 4, barSpacing: 8, minBarSpacing: 1 },
      localization: { timeFormatter: (time: Time) => LONG.format(Number(time) * 1_000) },
    });
    this.#price = this.#chart.addSeries(CandlestickSeries, {
      priceFormat: { type: "price", precision: decimalsOf(tick), minMove: forPlot(tick) },
    });
    this.#price.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: CANDLES_BOTTOM } });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "",
      priceFormat: { type: "custom", formatter: (volume: number) => showShort(volume as never) },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: VOLUME_TOP, bottom: 0 } });
    this.#marks = createSeriesMarkers(this.#price, []);
    this.#chart.subscribeCrosshairMove(({ logical }) => {
      hovered(logical === undefined ? null : (this.#candles[Math.round(logical)] ?? null));
    });
    this.recolour();
  }

  /** Only what is new is given to the chart, where nothing before it has changed. */
  setCandles(candles: readonly Candle[], withSeconds: boolean): void {
    const known = this.#candles;
    this.#candles = candles;
    this.#colourLast();
    const same = candles.findIndex((candle, at) => candle !== known[at]);
    const from = same < 0 ? candles.length : same;
    if (from < known.length - 1 || from === 0) {
      this.#chart.timeScale().applyOptions({ secondsVisible: withSeconds });
      this.#price.setData(candles.map(bar));
      this.#volume.setData(candles.map((candle) => this.#volumeBar(candle)));
      return;
    }
    for (const candle of candles.slice(from)) {
      this.#price.update(bar(candle));
      this.#volume.update(this.#volumeBar(candle));
    }
  }

  /** Show the newest candles again, with the scale of prices that fits. */
  toNewest(): void {
    this.#chart.timeScale().applyOptions({ barSpacing: 8 });
    this.#chart.timeScale().scrollToRealTime();
    this.#price.priceScale().applyOptions({ autoScale: true });
  }

  setFills(fills: readonly FillMark[]): void {
    this.#fills = fills;
    this.#marks.setMarkers(
      fills.map(({ start, side, quantity }) => ({
        time: second(start),
        position: side === "buy" ? ("belowBar" as const) : ("aboveBar" as const),
        shape: side === "buy" ? ("arrowUp" as const) : ("arrowDown" as const),
        color: this.#colours.text,
        text: `${side === "buy" ? "B" : "S"} ${showShort(quantity)}`,
      })),
    );
  }

  setOrders(orders: readonly Order[]): void {
    this.#orders = orders;
    const gone = new Set(this.#lines.keys());
    for (const line of linesOf(orders, this.#candles.at(-1)?.close ?? null)) {
      gone.delete(line.key);
      if (!this.#lines.has(line.key)) this.#lines.set(line.key, this.#line(line));
    }
    for (const key of gone) this.#removeLine(key);
  }

  /** Take the colours of the theme that is in force. */
  recolour(): void {
    this.#colours = colours();
    const { up, down, text, line, surface, muted } = this.#colours;
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: surface },
        textColor: muted,
        fontSize: 11,
        fontFamily: getComputedStyle(document.body).fontFamily,
      },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      crosshair: {
        vertLine: { color: muted, labelBackgroundColor: text },
        horzLine: { color: muted, labelBackgroundColor: text },
      },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
    });
    // Rising candles are hollow: without colours they are told apart as well.
    this.#price.applyOptions({
      upColor: surface,
      downColor: down,
      borderUpColor: up,
      borderDownColor: down,
      wickUpColor: up,
      wickDownColor: down,
    });
    this.#colourLast();
    this.#volume.setData(this.#candles.map((candle) => this.#volumeBar(candle)));
    this.setFills(this.#fills);
    for (const key of [...this.#lines.keys()]) this.#removeLine(key);
    this.setOrders(this.#orders);
  }

  remove(): void {
    this.#chart.remove();
  }

  /** The mark of the last price; of a hollow candle the chart would make it invisible. */
  #colourLast(): void {
    const last = this.#candles.at(-1);
    const { up, down } = this.#colours;
    const priceLineColor = last !== undefined && last.close < last.open ? down : up;
    if (this.#price.options().priceLineColor !== priceLineColor) this.#price.applyOptions({ priceLineColor });
  }

  #volumeBar({ start, volume, open, close }: Candle) {
    const { upGround, downGround } = this.#colours;
    return { time: second(start), value: volume, color: close < open ? downGround : upGround };
  }

  #line({ side, price, remaining }: OrderLine): IPriceLine {
    return this.#price.createPriceLine({
      price: forPlot(price),
      color: side === "buy" ? this.#colours.up : this.#colours.down,
      lineStyle: LineStyle.Dashed,
      lineWidth: 1,
      axisLabelVisible: true,
      title: `${side === "buy" ? "Buy" : "Sell"} ${showShort(remaining)}`,
    });
  }

  #removeLine(key: string): void {
    const line = this.#lines.get(key);
    if (line !== undefined) this.#price.removePriceLine(line);
    this.#lines.delete(key);
  }
}

const LONG = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "medium",
  timeZone: "UTC",
});

function colours() {
  return {
    up: colourOf("--up"),
    down: colourOf("--down"),
    upGround: colourOf("--up-ground"),
    downGround: colourOf("--down-ground"),
    text: colourOf("--text"),
    muted: colourOf("--muted"),
    line: colourOf("--line"),
    surface: colourOf("--surface"),
  };
}

/**
 * Charts know UTC alone, so the reader's own clock is told as if it were UTC. Over a change of summer time an hour
 * would come twice, which the chart does not bear, so the difference is that of today for all.
 */
const OFFSET_S = new Date().getTimezoneOffset() * -60;

function second(at: Instant): UTCTimestamp {
  return (at / 1_000 + OFFSET_S) as UTCTimestamp;
}

function bar(candle: Candle) {
  return {
    time: second(candle.start),
    open: forPlot(candle.open),
    high: forPlot(candle.high),
    low: forPlot(candle.low),
    close: forPlot(candle.close),
  };
}
