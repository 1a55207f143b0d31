import { describe, expect, test } from "vitest";
import { bookOf, partitionWords, ratesOf } from "./hosts.ts";
import type { StockId } from "./ids.ts";
import type { Instant } from "./time.ts";

const host = (at: number, batches: number, cpu_ms: number) => ({
  at: at as Instant,
  batches,
  records: 10 * batches,
  cpu_ms,
});

describe("rates", () => {
  test("are what was done a second between two of a host's words", () => {
    expect(ratesOf(host(1_000, 40, 100), host(3_000, 50, 600))).toEqual({
      batches: 5,
      records: 50,
      cpu: 0.25,
    });
  });

  test("there are none before the second word, from one word twice, or where the host began anew", () => {
    expect(ratesOf(undefined, host(1_000, 40, 100))).toBeNull();
    expect(ratesOf(host(1_000, 40, 100), host(1_000, 40, 100))).toBeNull();
    expect(ratesOf(host(1_000, 40, 100), host(2_000, 2, 50))).toBeNull();
  });
});

test("partitions are told in runs, by room", () => {
  expect(partitionWords(["book.10", "book.0", "book.1", "book.2", "book.7"])).toBe("book 0–2, 7, 10");
  expect(partitionWords(["ledger.0", "book.3"])).toBe("ledger 0; book 3");
  expect(partitionWords([])).toBe("");
});

test("a stock is in the book of its number modulo the books", () => {
  expect(bookOf("35" as StockId, 16)).toBe("book.3");
});
