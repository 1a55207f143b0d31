// Scales of plots: round numbers on an axis, moments on a time axis, and where a value stands in pixels. Pure.

export interface Scale {
  readonly from: number;
  readonly to: number;
}

const STEPS = [1, 2, 2.5, 5, 10];
const WHOLE_STEPS = [1, 2, 5, 10];

/** A scale over all values with some air; values that are all the same stand in its middle. */
export function scaleOf(values: readonly number[], { zero = false } = {}): Scale {
  let low = zero ? 0 : Number.POSITIVE_INFINITY;
  let high = zero ? 0 : Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { from: 0, to: 1 };
  if (low === high) return zero || low === 0 ? { from: low, to: low + 1 } : around(low);
  const air = (high - low) * 0.06;
  return { from: zero && low === 0 ? 0 : low - air, to: high + air };
}

function around(value: number): Scale {
  const half = Math.abs(value) * 0.01;
  return { from: value - half, to: value + half };
}

/** About `count` round numbers within the scale, ascending; of things that are counted, whole ones. */
export function roundMarks({ from, to }: Scale, count: number, { whole = false } = {}): readonly number[] {
  const rough = Math.max((to - from) / Math.max(1, count), whole ? 1 : 0);
  const power = 10 ** Math.floor(Math.log10(rough));
  const steps = whole && power === 1 ? WHOLE_STEPS : STEPS;
  const step = (steps.find((each) => each * power >= rough) ?? 10) * power;
  const marks: number[] = [];
  for (let at = Math.ceil(from / step); at * step <= to; at++) marks.push(at * step);
  return marks;
}

/** Marks as texts: with the decimals that tell neighbours apart, and short where they would be long. */
export function shownMarks(marks: readonly number[]): readonly string[] {
  const [first = 0, second = first + 1] = marks;
  const size = Math.max(...marks.map(Math.abs), 1);
  const unit = UNITS.find(([least]) => size >= least) ?? [1, ""];
  const [least, letter] = unit;
  const step = (second - first) / least;
  const decimals = Math.min(4, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) + Number(isHalved(step)));
  const format = new Intl.NumberFormat("en", {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  });
  return marks.map((mark) => `${format.format(mark / least).replace("-", "−")}${letter}`);
}

/** Six digits with a comma fit beside a plot; more need a letter. */
const UNITS: readonly (readonly [least: number, letter: string])[] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
];

/** Steps of 2.5, 0.25 and so on need one decimal more than their size says. */
function isHalved(step: number): boolean {
  const digits = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
  return Math.abs(digits - 2.5) < 1e-6 && step < 10;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const TIME_STEPS_MS = [
  ...[
    10_000,
    30_000,
    MINUTE_MS,
    2 * MINUTE_MS,
    5 * MINUTE_MS,
    10 * MINUTE_MS,
    15 * MINUTE_MS,
    30 * MINUTE_MS,
  ],
  ...[1, 2, 3, 4, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 30, 60, 90, 180, 365].map((days) => days * DAY_MS),
];

export interface TimeMarks {
  readonly step_ms: number;
  readonly at: readonly number[];
}

/** At most about `count` moments that clocks show round, on the reader's own clock. */
export function timeMarks({ from, to }: Scale, count: number, zone_ms: number): TimeMarks {
  const rough = (to - from) / Math.max(1, count);
  const step_ms = TIME_STEPS_MS.find((step) => step >= rough) ?? 365 * DAY_MS;
  const at: number[] = [];
  for (let mark = Math.ceil((from + zone_ms) / step_ms); mark * step_ms - zone_ms <= to; mark++) {
    at.push(mark * step_ms - zone_ms);
  }
  return { step_ms, at };
}

/** Where a value stands in a span of pixels. */
export function placed(value: number, scale: Scale, first: number, last: number): number {
  return first + ((value - scale.from) / (scale.to - scale.from)) * (last - first);
}

/** The place in ascending numbers of the one nearest to `value`. */
export function nearest(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return value - (ascending[low] ?? 0) <= (ascending[high] ?? 0) - value ? low : high;
}
