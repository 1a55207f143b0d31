import { expect, test } from "vitest";
import { sparkPath } from "./spark.ts";

test("the lowest value is at the bottom, the highest at the top", () => {
  expect(sparkPath([1, 3, 2])).toBe("M0 22L60 2L120 12");
});

test("a flat line is in the middle, and one value is no line", () => {
  expect(sparkPath([5, 5])).toBe("M0 12L120 12");
  expect(sparkPath([5])).toBe("");
});
