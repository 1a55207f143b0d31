// Equity or profit over time.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { forPlot, parseMoney } from "../../model/money.ts";
import type { Interval } from "../../model/side.ts";
import { instant } from "../../model/time.ts";
import { useFetched } from "../../ui/fetched.ts";
import { Choice, type Option } from "../../ui/parts/Field.tsx";
import { Answer } from "../../ui/parts/Paged.tsx";
import { Panel } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { LinePlot } from "../../ui/plots/LinePlot.tsx";
import { api, stream } from "../../venue/venue.ts";
import type { WirePortfolioHistory } from "../../venue/wire.ts";
import { useTicks } from "../ticks.ts";

type Measure = "equity" | "profit";
type Span = "1h" | "6h" | "1d" | "1w" | "1m" | "1y";

const MEASURES: readonly Option<Measure>[] = [
  { value: "equity", label: "Equity" },
  { value: "profit", label: "Profit" },
];

/** Each span in points that a plot can show. */
const SPANS: Readonly<Record<Span, { interval: Interval; points: number; label: string }>> = {
  "1h": { interval: "1m", points: 61, label: "1 h" },
  "6h": { interval: "5m", points: 73, label: "6 h" },
  "1d": { interval: "15m", points: 97, label: "1 day" },
  "1w": { interval: "1h", points: 169, label: "1 week" },
  "1m": { interval: "4h", points: 181, label: "1 month" },
  "1y": { interval: "1d", points: 366, label: "1 year" },
};
const SPAN_OPTIONS = (Object.keys(SPANS) as Span[]).map((value) => ({ value, label: SPANS[value].label }));

const REFRESHED_MS = 10_000;

/** `fresh` changes when the account has. */
export function Worth({ fresh }: { readonly fresh: unknown }) {
  const measure = useSignal<Measure>("equity");
  const span = useSignal<Span>("1h");
  const { interval, points } = SPANS[span.value];
  const tick = useTicks(REFRESHED_MS);
  const latest = useMemo(() => ({ fresh, tick }), [fresh, tick]);
  const history = useFetched(() => api.portfolioHistory(interval, points), interval, latest);
  return (
    <Panel
      title="Over time"
      class="worth"
      tools={
        <>
          <Choice
            label="What to show"
            value={measure.value}
            options={MEASURES}
            onChange={(next) => (measure.value = next)}
          />
          <Choice
            label="How far back"
            value={span.value}
            options={SPAN_OPTIONS}
            onChange={(next) => (span.value = next)}
          />
        </>
      }
    >
      <Answer fetched={history} what="your history" age_ms={stream.age_ms.value}>
        {(value) => <Plot history={value} measure={measure.value} />}
      </Answer>
    </Panel>
  );
}

interface PlotProps {
  readonly history: WirePortfolioHistory;
  readonly measure: Measure;
}

function Plot({ history, measure }: PlotProps) {
  const points = useMemo(
    () =>
      history.points.map((point) => ({
        at: instant(point.time),
        value: forPlot(parseMoney(point[measure])),
      })),
    [history, measure],
  );
  if (points.length < 2) {
    return <Empty title="There is nothing to look back at yet">The line begins with the next minute.</Empty>;
  }
  return (
    <LinePlot
      title={measure === "equity" ? "Equity" : "Profit"}
      points={points}
      show={shown}
      zero={measure === "profit" ? "line" : undefined}
    />
  );
}

const SHOWN = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function shown(value: number): string {
  return SHOWN.format(value).replace("-", "−");
}
