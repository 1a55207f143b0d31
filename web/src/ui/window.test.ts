import { expect, test } from "vitest";
import { piecesOf, windowOf } from "./window.ts";

test("rows in view are there, and a few beyond them", () => {
  expect(windowOf(200, 100, 20, 500, 2)).toEqual({ first: 8, end: 17 });
});

test("a window ends where the rows do", () => {
  expect(windowOf(0, 100, 20, 3, 2)).toEqual({ first: 0, end: 3 });
  expect(windowOf(9_000, 100, 20, 3, 2)).toEqual({ first: 3, end: 3 });
  expect(windowOf(-900, 100, 20, 30, 2)).toEqual({ first: 0, end: 0 });
});

test("rows out of view are gaps, but the one that has the focus stays", () => {
  const window = { first: 3, end: 5 };
  expect(piecesOf(window, 9, 4)).toEqual([{ missing: 3 }, { at: 3 }, { at: 4 }, { missing: 4 }]);
  expect(piecesOf(window, 9, 1)).toEqual([
    { missing: 1 },
    { at: 1 },
    { missing: 1 },
    { at: 3 },
    { at: 4 },
    { missing: 4 },
  ]);
  expect(piecesOf(window, 9, 8)).toEqual([{ missing: 3 }, { at: 3 }, { at: 4 }, { missing: 3 }, { at: 8 }]);
});
