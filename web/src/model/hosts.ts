// Hosts of partitions: how fast they work, what they own. Pure.
import type { StockId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** A host as it said at a moment. Counters only grow, until it starts anew. */
export interface Host {
  readonly at: Instant;
  readonly batches: number;
  readonly records: number;
  readonly cpu_ms: number;
}

export interface Rates {
  readonly batches: number;
  readonly records: number;
  /** Processors in use: 1 is one. */
  readonly cpu: number;
}

/** What it did a second between two of its words; null: it has said nothing new, or began anew. */
export function ratesOf(before: Host | undefined, now: Host): Rates | null {
  const passed_s = before === undefined ? 0 : (now.at - before.at) / 1_000;
  if (before === undefined || passed_s <= 0 || now.cpu_ms < before.cpu_ms) return null;
  return {
    batches: (now.batches - before.batches) / passed_s,
    records: (now.records - before.records) / passed_s,
    cpu: (now.cpu_ms - before.cpu_ms) / 1_000 / passed_s,
  };
}

/** Partitions as people read them: `book 0–3, 7`. */
export function partitionWords(partitions: readonly string[]): string {
  const rooms = new Map<string, number[]>();
  for (const partition of partitions) {
    const [room = "", number] = partition.split(".");
    rooms.set(room, [...(rooms.get(room) ?? []), Number(number)]);
  }
  return [...rooms].map(([room, numbers]) => `${room} ${runsOf(numbers)}`).join("; ");
}

function runsOf(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const last = runs.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}

/** The partition that has a stock's book. */
export function bookOf(stock: StockId, books: number): string {
  return `book.${BigInt(stock) % BigInt(books)}`;
}
