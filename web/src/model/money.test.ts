import { describe, expect, test } from "vitest";
import {
  averageOf,
  basisPoints,
  decimalsOf,
  decimalsOfAll,
  moneyText,
  moneyTyped,
  parseMoney,
  sharesPaid,
  showMoney,
  showSigned,
  times,
  tryParseMoney,
} from "./money.ts";
import { shares } from "./quantity.ts";

describe("money", () => {
  test.each(["0.00", "135.50", "0.0001", "-3.125", "900000000000000.00"])(
    "%s is written as it was read",
    (text) => {
      expect(moneyText(parseMoney(text))).toBe(text);
    },
  );

  test.each(["", "1.", ".5", "1.23456", "1e3", "1,000.00", "NaN", "٣"])(
    "%o is no decimal of the venue",
    (text) => {
      expect(tryParseMoney(text)).toBeNull();
    },
  );

  test("people may group thousands and leave zeros out", () => {
    expect(moneyTyped("1,234.5")).toBe(12_345_000n);
    expect(moneyTyped(".5")).toBe(5_000n);
    expect(moneyTyped("12.")).toBe(120_000n);
    expect(moneyTyped("twelve")).toBeNull();
  });

  test("is shown with grouped thousands and as many decimals as it needs", () => {
    expect(showMoney(parseMoney("1234567.5"))).toBe("1,234,567.50");
    expect(showMoney(parseMoney("0.125"))).toBe("0.125");
    expect(showMoney(parseMoney("12"), 4)).toBe("12.0000");
    expect(showMoney(parseMoney("-0.5"))).toBe("−0.50");
    expect(showSigned(parseMoney("3"))).toBe("+3.00");
  });

  test("a column of prices takes the decimals of its tick", () => {
    expect(["0.05", "0.005", "0.0001"].map((tick) => decimalsOf(parseMoney(tick)))).toEqual([2, 3, 4]);
  });

  test("price times shares is exact beyond 2^53", () => {
    expect(moneyText(times(parseMoney("0.0001"), shares(1e15)))).toBe("100000000000.00");
    expect(moneyText(times(parseMoney("899999999999999.9999"), shares(7)))).toBe("6299999999999999.9993");
  });

  test("an amount pays whole shares, rounded down, and a debt pays none", () => {
    expect(sharesPaid(parseMoney("100"), parseMoney("15"))).toBe(6);
    expect(sharesPaid(parseMoney("-100"), parseMoney("15"))).toBe(0);
  });

  test("the average is rounded half up, and of no shares there is none", () => {
    expect(averageOf(parseMoney("0.0005"), shares(2))).toBe(3n);
    expect(averageOf(parseMoney("5"), shares(0))).toBeNull();
  });

  test("a change is so many hundredths of a per cent", () => {
    expect(basisPoints(parseMoney("-1.25"), parseMoney("100"))).toBe(-125);
    expect(basisPoints(parseMoney("1"), parseMoney("0"))).toBeNull();
  });
});

test("a column lines up on the decimals that its amounts need", () => {
  expect(decimalsOfAll([parseMoney("1.25"), null, parseMoney("-3")])).toBe(2);
  expect(decimalsOfAll([parseMoney("1.25"), parseMoney("0.001")])).toBe(4);
});
