// Samples of counters over time, and what they amount to: rates between neighbours. Pure.
import type { Instant } from "./time.ts";

/** The venue at a moment. Counters only grow, until the venue starts anew. */
export interface Sample {
  readonly at: Instant;
  readonly sequence: number;
  readonly events: number;
  readonly batches: number;
  readonly queued: number;
  readonly viewsLag: number;
  readonly streams: number;
}

export type Counter = "sequence" | "events" | "batches";

export type Level = "queued" | "viewsLag" | "streams";

export interface Measured {
  readonly at: Instant;
  readonly value: number;
}

/** With a new sample, and without those that are older than `kept_ms`. */
export function withSample(samples: readonly Sample[], sample: Sample, kept_ms: number): readonly Sample[] {
  return [...samples.filter(({ at }) => at > sample.at - kept_ms), sample];
}

/** A counter's growth a second, at each sample but the first; nothing where it began anew. */
export function ratesOf(samples: readonly Sample[], counter: Counter): readonly Measured[] {
  return samples.slice(1).flatMap((sample, n) => {
    const before = samples[n];
    if (before === undefined || sample.at <= before.at || sample[counter] < before[counter]) return [];
    return [
      { at: sample.at, value: ((sample[counter] - before[counter]) * 1_000) / (sample.at - before.at) },
    ];
  });
}

export function levelsOf(samples: readonly Sample[], level: Level): readonly Measured[] {
  return samples.map((sample) => ({ at: sample.at, value: sample[level] }));
}
