import { expect, test } from "vitest";
import { endOfDay, type Instant, startOfDay, today, wireTime } from "./time.ts";

test("a day goes from midnight to midnight on the reader's clock", () => {
  const noon = new Date(2025, 10, 3, 12).getTime() as Instant;
  expect(today(noon)).toBe("2025-11-03");
  expect(startOfDay("2025-11-03")).toBe(new Date(2025, 10, 3).getTime());
  expect(endOfDay("2025-11-03")).toBe(new Date(2025, 10, 4).getTime());
  expect(endOfDay("2025-12-31")).toBe(new Date(2026, 0, 1).getTime());
});

test("what is no day has no midnight", () => {
  expect(startOfDay("")).toBeNull();
  expect(endOfDay("soon")).toBeNull();
});

test("times go to the venue in UTC", () => {
  expect(wireTime(0 as Instant)).toBe("1970-01-01T00:00:00.000Z");
});
