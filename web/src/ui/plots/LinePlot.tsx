// A line over time as SVG: axes with round marks, the value under the pointer, and the same as a table for those who do
// not see it. Its values are floats, for pixels; what is counted with stays in the model.
import { useSignal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { type Instant, showDay, showMinute, showMoment, showWhole } from "../../model/time.ts";
import { nearest, placed, roundMarks, type Scale, scaleOf, shownMarks, timeMarks } from "./scale.ts";

export interface Point {
  readonly at: Instant;
  readonly value: number;
}

interface LinePlotProps {
  /** What the line is, for its title and for screen readers. */
  readonly title: string;
  /** Ascending in time. */
  readonly points: readonly Point[];
  readonly show: (value: number) => string;
  readonly height?: number;
  /** `from`: counts, on a scale that begins at zero. `line`: a line at zero parts gain from loss. */
  readonly zero?: "from" | "line" | undefined;
  /** Time that the axis spans at least, before the last point. */
  readonly span_ms?: number;
  /** A table for screen readers beside the summary. */
  readonly table?: boolean;
}

const MARK_PX = 7;
const GAP_PX = 8;
/** The scale of counts has so much at least, so that one of something does not fill it. */
const LEAST_COUNT = 4;
const BOTTOM_PX = 20;
const TOP_PX = 8;
const TABLE_ROWS = 50;
const DAY_MS = 86_400_000;

export function LinePlot({
  title,
  points,
  show,
  height = 220,
  zero,
  span_ms = 0,
  table = true,
}: LinePlotProps) {
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const pointed = useSignal<number | null>(null);
  const shape = useMemo(
    () => shapeOf(points, { width, height, zero, span_ms }),
    [points, width, height, zero, span_ms],
  );
  const at = pointed.value === null ? null : Math.min(pointed.value, points.length - 1);
  const point = at === null ? undefined : points[at];
  const last = points.at(-1);
  return (
    <figure class="plot" ref={frame}>
      {shape !== null && last !== undefined && (
        <svg
          width={width}
          height={height}
          role="img"
          aria-labelledby={id}
          onPointerMove={(event) => {
            pointed.value = nearest(shape.x, event.offsetX);
          }}
          onPointerLeave={() => (pointed.value = null)}
        >
          <title id={id}>{summaryOf(title, points, show)}</title>
          {shape.marks.map(({ value, y, text }) => (
            <g key={value}>
              <line class="grid" x1={0} x2={shape.right} y1={y} y2={y} />
              <text class="mark" x={shape.right + GAP_PX - 2} y={y + 4}>
                {text}
              </text>
            </g>
          ))}
          {shape.moments.map(({ at, x, text }) => (
            <text key={at} class="mark" text-anchor="middle" x={x} y={height - 5}>
              {text}
            </text>
          ))}
          {shape.zeroAt !== null && (
            <line class="zero" x1={0} x2={shape.right} y1={shape.zeroAt} y2={shape.zeroAt} />
          )}
          <path class="area" d={shape.area} />
          <path class="line" d={shape.line} />
          {at !== null && point && (
            <g>
              <line class="cross" x1={shape.x[at]} x2={shape.x[at]} y1={TOP_PX} y2={height - BOTTOM_PX} />
              <circle class="dot" cx={shape.x[at]} cy={shape.y[at]} r={3.5} />
            </g>
          )}
        </svg>
      )}
      <figcaption aria-hidden="true">
        {point === undefined ? (
          last && show(last.value)
        ) : (
          <>
            {show(point.value)} <span class="muted">{showMoment(point.at)}</span>
          </>
        )}
      </figcaption>
      {table && <PlotTable title={title} points={points} show={show} />}
    </figure>
  );
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly zero: "from" | "line" | undefined;
  readonly span_ms: number;
}

function shapeOf(points: readonly Point[], { width, height, zero, span_ms }: Frame) {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || width === 0) return null;
  const time: Scale = { from: Math.min(first.at, last.at - Math.max(span_ms, 1)), to: last.at };
  const values = points.map(({ value }) => value);
  const isCount = zero === "from";
  const scale = scaleOf(isCount ? [...values, LEAST_COUNT] : values, { zero: zero !== undefined });
  const marks = roundMarks(scale, Math.max(2, Math.floor(height / 40)), { whole: isCount });
  const texts = shownMarks(marks);
  const right = width - GAP_PX - MARK_PX * Math.max(...texts.map((text) => text.length));
  const bottom = height - BOTTOM_PX;
  const x = points.map(({ at }) => placed(at, time, 1, right));
  const y = values.map((value) => placed(value, scale, bottom, TOP_PX));
  const line = x.map((each, n) => `${n === 0 ? "M" : "L"}${each.toFixed(1)} ${y[n]?.toFixed(1)}`).join("");
  const zeroAt = zero === "line" ? placed(0, scale, bottom, TOP_PX) : null;
  const floor = zeroAt ?? bottom;
  const zone_ms = -new Date(last.at).getTimezoneOffset() * 60_000;
  const { step_ms, at } = timeMarks(time, Math.max(2, Math.floor(right / 90)), zone_ms);
  const moments = at.map((moment) => ({
    at: moment,
    x: placed(moment, time, 1, right),
    text: (step_ms >= DAY_MS ? showDay : step_ms < 60_000 ? showMoment : showMinute)(moment as Instant),
  }));
  return {
    x,
    y,
    line,
    area: `${line}L${x.at(-1)?.toFixed(1)} ${floor.toFixed(1)}L${x[0]?.toFixed(1)} ${floor.toFixed(1)}Z`,
    zeroAt,
    right,
    marks: texts.map((text, n) => {
      const value = marks[n] ?? 0;
      return { value, text, y: placed(value, scale, bottom, TOP_PX) };
    }),
    // A text at the very edge would be cut.
    moments: moments.filter(({ x }) => x > 24 && x < right + 10),
  };
}

function summaryOf(title: string, points: readonly Point[], show: (value: number) => string): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return title;
  const values = points.map(({ value }) => value);
  return (
    `${title}: ${show(last.value)} now, ${show(first.value)} at ${showWhole(first.at)}; ` +
    `the least ${show(Math.min(...values))}, the most ${show(Math.max(...values))}.`
  );
}

/** Of many points, so many evenly that one can listen to them; the last one always. */
function PlotTable({ title, points, show }: Pick<LinePlotProps, "title" | "points" | "show">) {
  const step = Math.max(1, Math.ceil(points.length / TABLE_ROWS));
  const rows = points.filter((_, n) => (points.length - 1 - n) % step === 0);
  return (
    <div class="unseen">
      <table>
        <caption>{title} as a table</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">{title}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, value }) => (
            <tr key={at}>
              <th scope="row">{showWhole(at)}</th>
              <td>{show(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function useWidth(frame: { readonly current: HTMLElement | null }): number {
  const width = useSignal(0);
  useEffect(() => {
    if (frame.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) width.value = Math.floor(entry.contentRect.width);
    });
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame, width]);
  return width.value;
}
