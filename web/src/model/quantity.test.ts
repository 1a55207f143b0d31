import { expect, test } from "vitest";
import { quantityTyped, shares, showQuantity, showShort } from "./quantity.ts";

test("what people type is a whole number of shares, or nothing", () => {
  expect(quantityTyped("1,000")).toBe(1_000);
  expect(["0", "-1", "1.5", "", "1e3", "1000000000000001"].map(quantityTyped)).toEqual(Array(6).fill(null));
});

test("a number that JSON may have rounded is refused", () => {
  expect(() => shares(2 ** 53)).toThrow(RangeError);
});

test("quantities are shown whole, or short and never greater than they are", () => {
  expect(showQuantity(shares(1_234_567))).toBe("1,234,567");
  expect(showShort(shares(9_999))).toBe("9,999");
  expect(showShort(shares(12_999))).toBe("12.9k");
  expect(showShort(shares(45_000_000))).toBe("45M");
});
