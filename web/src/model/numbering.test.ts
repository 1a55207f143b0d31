import { expect, test } from "vitest";
import { standingOf } from "./numbering.ts";

test("a snapshot is always taken", () => {
  expect(standingOf({ type: "snapshot", number: 3 }, 9)).toBe("take");
});

test("an update is taken after the one before it alone", () => {
  expect(standingOf({ type: "update", number: 12, previous: 9 }, 9)).toBe("take");
  expect(standingOf({ type: "update", number: 12, previous: 10 }, 9)).toBe("gap");
  expect(standingOf({ type: "update", number: 9, previous: 8 }, 9)).toBe("old");
  expect(standingOf({ type: "update", number: 9, previous: 8 }, null)).toBe("gap");
});
