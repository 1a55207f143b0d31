import { expect, test } from "vitest";
import { parseMoney } from "./money.ts";
import { PaymentKeys, readAmount } from "./payment.ts";

test("amounts are read as people write them", () => {
  expect(readAmount("1,000.50", null).amount).toBe(parseMoney("1000.50"));
  expect(readAmount("7", parseMoney("7")).amount).toBe(parseMoney("7"));
});

test("an amount that cannot be paid says why", () => {
  expect(readAmount("a lot", null).fault).toContain("Enter an amount");
  expect(readAmount("0", null).fault).toContain("above zero");
  expect(readAmount("-5", null).fault).toContain("above zero");
  expect(readAmount("1.23456", null).fault).toContain("four decimals");
  expect(readAmount("7.01", parseMoney("7")).fault).toContain("Only 7.00 is free");
});

test("the same amount keeps its id until it is settled", () => {
  const keys = new PaymentKeys();
  const first = keys.keyFor(parseMoney("100"));
  expect(keys.keyFor(parseMoney("100"))).toBe(first);
  expect(keys.keyFor(parseMoney("101"))).not.toBe(first);
  const third = keys.keyFor(parseMoney("101"));
  keys.settle();
  expect(keys.keyFor(parseMoney("101"))).not.toBe(third);
});
