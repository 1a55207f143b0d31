import { expect, test } from "vitest";
import { nearest, placed, roundMarks, scaleOf, shownMarks, timeMarks } from "./scale.ts";

const HOUR = 3_600_000;

test("a scale holds all values with air around them", () => {
  const { from, to } = scaleOf([10, 30, 20]);
  expect(from).toBeLessThan(10);
  expect(to).toBeGreaterThan(30);
  expect(scaleOf([0, 5], { zero: true }).from).toBe(0);
});

test("values that are all the same, or none, still have a scale", () => {
  expect(scaleOf([])).toEqual({ from: 0, to: 1 });
  expect(scaleOf([0, 0])).toEqual({ from: 0, to: 1 });
  expect(scaleOf([200, 200])).toEqual({ from: 198, to: 202 });
});

test("marks are round numbers within the scale", () => {
  expect(roundMarks({ from: 0, to: 100 }, 4)).toEqual([0, 25, 50, 75, 100]);
  expect(roundMarks({ from: 9_940, to: 10_130 }, 4)).toEqual([9_950, 10_000, 10_050, 10_100]);
});

test("marks of what is counted are whole", () => {
  expect(roundMarks({ from: 0, to: 4.2 }, 3, { whole: true })).toEqual([0, 2, 4]);
  expect(roundMarks({ from: 0, to: 1 }, 4, { whole: true })).toEqual([0, 1]);
  expect(roundMarks({ from: 0, to: 80 }, 3, { whole: true })).toEqual([0, 50]);
});

test("marks are told apart, and are short", () => {
  expect(shownMarks([118_400, 118_450])).toEqual(["118,400", "118,450"]);
  expect(shownMarks([-0.5, 0])).toEqual(["−0.5", "0.0"]);
  expect(shownMarks([2.5, 5])).toEqual(["2.5", "5.0"]);
  expect(shownMarks([0.25, 0.5])).toEqual(["0.25", "0.50"]);
  expect(shownMarks([1_000_000, 1_025_000])).toEqual(["1.000M", "1.025M"]);
  expect(shownMarks([25, 50])).toEqual(["25", "50"]);
});

test("moments are those that the reader's clock shows round", () => {
  const marks = timeMarks({ from: HOUR / 2, to: 5 * HOUR }, 5, 0);
  expect(marks).toEqual({ step_ms: HOUR, at: [HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 5 * HOUR] });
  expect(timeMarks({ from: 0, to: 24 * HOUR }, 2, HOUR).at).toEqual([11 * HOUR, 23 * HOUR]);
});

test("values stand in pixels in proportion, and the nearest is found again", () => {
  expect(placed(5, { from: 0, to: 10 }, 100, 0)).toBe(50);
  expect(nearest([0, 10, 20, 30], 14)).toBe(1);
  expect(nearest([0, 10, 20, 30], 99)).toBe(3);
  expect(nearest([7], 99)).toBe(0);
});
