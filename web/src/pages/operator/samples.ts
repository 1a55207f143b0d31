// The state of the venue, asked for each second while somebody looks, and kept so that the plots go on where one comes back.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Sample, withSample } from "../../model/samples.ts";
import { now } from "../../model/time.ts";
import { api } from "../../venue/venue.ts";
import type { WireState } from "../../venue/wire.ts";

const EVERY_MS = 1_000;
export const KEPT_MS = 180_000;

export const samples = signal<readonly Sample[]>([]);
/** The last answer, and why the last question had none. */
export const venueState = signal<WireState | null>(null);
export const fault = signal<unknown>(null);
/** How many questions in a row were not answered. */
export const misses = signal(0);

let watchers = 0;
let asking = false;
let timer: ReturnType<typeof setInterval> | undefined;

/** Ask while the component is there. */
export function useSamples(): void {
  useEffect(() => {
    watchers += 1;
    if (watchers === 1) {
      timer = setInterval(() => void ask(), EVERY_MS);
      void ask();
    }
    return () => {
      watchers -= 1;
      if (watchers === 0) clearInterval(timer);
    };
  }, []);
}

export async function ask(): Promise<void> {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const state = await api.venueState();
    const { sequence, events, batches, queued, streams } = state;
    const sample = { at: now(), sequence, events, batches, queued, streams, viewsLag: state.views_lag };
    samples.value = withSample(samples.peek(), sample, KEPT_MS);
    venueState.value = state;
    fault.value = null;
    misses.value = 0;
  } catch (error) {
    fault.value = error;
    misses.value += 1;
  } finally {
    asking = false;
  }
}
