import { expect, test } from "vitest";
import { bestOf, changedBook } from "./book.ts";
import { moneyText } from "./money.ts";
import { bookOf } from "./testing.ts";

const BOOK = bookOf(`
  4 @ 15.50 | 16.00 @ 7
  2 @ 15.00 | 16.50 @ 1
`);

test("an update changes, adds and removes levels, and each side stays from best to worst", () => {
  const changed = changedBook(
    BOOK,
    bookOf(
      `
      9 @ 15.25 | 15.90 @ 3
      0 @ 15.00 | 16.00 @ 0
                | 16.50 @ 5
                | 17.00 @ 2`,
      2,
    ),
  );
  expect(changed).toEqual(
    bookOf(
      `
      4 @ 15.50 | 15.90 @ 3
      9 @ 15.25 | 16.50 @ 5
                | 17.00 @ 2`,
      2,
    ),
  );
});

test("removing a level that is not there changes nothing else", () => {
  expect(changedBook(BOOK, bookOf("0 @ 14.00 |")).bids).toEqual(BOOK.bids);
});

test("the book before an update stays as it was", () => {
  changedBook(BOOK, bookOf("0 @ 15.50 |"));
  expect(BOOK.bids).toHaveLength(2);
});

test("best prices", () => {
  const { bid, ask } = bestOf(BOOK);
  expect([bid, ask].map((price) => price && moneyText(price))).toEqual(["15.50", "16.00"]);
});
