import { expect, test } from "vitest";
import { filledPath, paramsOf } from "./path.ts";

test("a path that was filled in is read again, whatever is in it", () => {
  const path = filledPath("/stocks/:stock", { stock: "a/b ü" });
  expect(path).toBe("/stocks/a%2Fb%20%C3%BC");
  expect(paramsOf("/stocks/:stock", path)).toEqual({ stock: "a/b ü" });
});

test("a path fits its own pattern alone, with or without a slash at the end", () => {
  expect(paramsOf("/orders", "/orders/")).toEqual({});
  expect(paramsOf("/stocks/:stock", "/stocks/")).toBeNull();
  expect(paramsOf("/stocks/:stock", "/stocks/1/2")).toBeNull();
  expect(paramsOf("/stocks/:stock", "/stocks/%E0%A4%A")).toEqual({ stock: "%E0%A4%A" });
});
