import { expect, test } from "vitest";
import { stepped } from "./keys.ts";
import { sorted } from "./sorting.ts";

test("rows without a value stay at the end, whichever way", () => {
  const rows = [2n, null, 10n, 1n];
  expect(sorted(rows, (row) => row, false)).toEqual([1n, 2n, 10n, null]);
  expect(sorted(rows, (row) => row, true)).toEqual([10n, 2n, 1n, null]);
});

test("arrows stop at the ends", () => {
  expect(stepped("ArrowDown", 2, 3, "down")).toBe(2);
  expect(stepped("ArrowLeft", 1, 3, "across")).toBe(0);
  expect(stepped("End", 0, 3, "across")).toBe(2);
  expect(stepped("ArrowUp", 1, 3, "across")).toBeNull();
});
