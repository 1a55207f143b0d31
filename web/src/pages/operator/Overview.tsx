// The venue at a glance: what it has done, how fast, and whether its views keep up.
import { useMemo } from "preact/hooks";
import { showCount } from "../../model/quantity.ts";
import { type Counter, levelsOf, type Measured, ratesOf } from "../../model/samples.ts";
import { instant, now, showAge } from "../../model/time.ts";
import { Time } from "../../ui/parts/Figures.tsx";
import { Panel } from "../../ui/parts/Panel.tsx";
import { Aged, Failed, Loading } from "../../ui/parts/State.tsx";
import { type Tile, Tiles } from "../../ui/parts/Tiles.tsx";
import { LinePlot } from "../../ui/plots/LinePlot.tsx";
import type { WireState } from "../../venue/wire.ts";
import { ask, fault, KEPT_MS, samples, useSamples, venueState } from "./samples.ts";

const STATES: Readonly<Record<WireState["state"], { words: string; tone?: "warn" | "error" }>> = {
  running: { words: "Running" },
  stopping: { words: "Stopping", tone: "warn" },
  failed: { words: "Failed", tone: "error" },
};
const COUNTERS: readonly { readonly counter: Counter; readonly title: string }[] = [
  { counter: "sequence", title: "Commands a second" },
  { counter: "events", title: "Events a second" },
  { counter: "batches", title: "Batches a second" },
];
const PLOT_PX = 130;
const OLD_MS = 3_500;

export function Overview() {
  useSamples();
  const state = venueState.value;
  const last = samples.value.at(-1);
  if (state === null || last === undefined) {
    return fault.value === null ? (
      <Loading what="the state of the venue" />
    ) : (
      <Failed error={fault.value} onRetry={() => void ask()} />
    );
  }
  const age_ms = fault.value === null ? null : Math.max(OLD_MS, now() - last.at);
  return (
    <Aged age_ms={age_ms}>
      <div class="stack">
        <Panel title="State">
          <Tiles tiles={tilesOf(state)} />
        </Panel>
        <Plots />
      </div>
    </Aged>
  );
}

function tilesOf(state: WireState): readonly Tile[] {
  const { words, tone } = STATES[state.state];
  const startedAt = instant(state.started_at);
  return [
    {
      name: "State",
      value: (
        <span class="venue-state" data-tone={tone}>
          <span aria-hidden="true">{tone === undefined ? "●" : "▲"}</span> {words}
        </span>
      ),
      note: `pricetime ${state.version}, ${state.rules} rules`,
    },
    { name: "Running for", value: showAge(now() - startedAt), note: <Time at={startedAt} /> },
    { name: "Commands", value: showCount(state.sequence), note: `in ${showCount(state.batches)} batches` },
    { name: "Events", value: showCount(state.events), note: `views at ${showCount(state.views_at)}` },
    { name: "Views behind", value: showCount(state.views_lag), note: "events" },
    { name: "Queued", value: showCount(state.queued), note: "commands that wait" },
    { name: "Streams", value: showCount(state.streams), note: "connections open" },
  ];
}

function Plots() {
  const taken = samples.value;
  return (
    <div class="plots">
      {COUNTERS.map(({ counter, title }) => (
        <Plot key={counter} title={title} points={ratesOf(taken, counter)} />
      ))}
      <Plot title="Events that the views lag" points={levelsOf(taken, "viewsLag")} />
      <Plot title="Commands that wait" points={levelsOf(taken, "queued")} />
      <Plot title="Streams open" points={levelsOf(taken, "streams")} />
    </div>
  );
}

function Plot({ title, points }: { readonly title: string; readonly points: readonly Measured[] }) {
  const peak = useMemo(() => Math.max(0, ...points.map(({ value }) => value)), [points]);
  return (
    <Panel title={title} tools={<span class="muted">peak {rate(peak)}</span>}>
      {points.length < 2 ? (
        <Loading what="samples" />
      ) : (
        <LinePlot
          title={title}
          points={points}
          show={rate}
          height={PLOT_PX}
          zero="from"
          span_ms={KEPT_MS}
          table={false}
        />
      )}
    </Panel>
  );
}

const RATE = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, notation: "compact" });

function rate(value: number): string {
  return RATE.format(value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
}
