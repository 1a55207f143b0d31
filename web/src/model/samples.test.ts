import { expect, test } from "vitest";
import { levelsOf, ratesOf, type Sample, withSample } from "./samples.ts";
import type { Instant } from "./time.ts";

function sample(at: number, sequence: number, viewsLag = 0): Sample {
  return { at: at as Instant, sequence, events: sequence * 3, batches: 0, queued: 0, viewsLag, streams: 1 };
}

test("rates are growth a second between neighbours", () => {
  const samples = [sample(0, 100), sample(1_000, 150), sample(3_000, 190)];
  expect(ratesOf(samples, "sequence")).toEqual([
    { at: 1_000, value: 50 },
    { at: 3_000, value: 20 },
  ]);
  expect(ratesOf(samples, "events").map(({ value }) => value)).toEqual([150, 60]);
  expect(ratesOf(samples.slice(0, 1), "sequence")).toEqual([]);
});

test("a venue that has started anew has no rate across its start", () => {
  expect(ratesOf([sample(0, 100), sample(1_000, 5), sample(2_000, 6)], "sequence")).toEqual([
    { at: 2_000, value: 1 },
  ]);
});

test("samples are kept for so long", () => {
  const kept = withSample([sample(0, 1), sample(2_000, 2)], sample(3_000, 3, 7), 3_000);
  expect(levelsOf(kept, "viewsLag")).toEqual([
    { at: 2_000, value: 0 },
    { at: 3_000, value: 7 },
  ]);
});
