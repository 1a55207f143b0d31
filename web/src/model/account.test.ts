import { expect, test } from "vitest";
import {
  type Account,
  type AccountChange,
  changedAccount,
  type Execution,
  freeShares,
  type Holding,
} from "./account.ts";
import type { OrderId, StockId, TradeId } from "./ids.ts";
import { NO_MONEY, parseMoney } from "./money.ts";
import { shares } from "./quantity.ts";
import { orderOf, STOCK } from "./testing.ts";
import type { Instant } from "./time.ts";

const WALLET = { available: parseMoney("100"), held: NO_MONEY, total: parseMoney("100") };
const QUIET: AccountChange = { orders: [], executions: [], wallet: null, holdings: [] };

function holding(stock: string, name: string, available: number, realised = "0"): Holding {
  return {
    stock: stock as StockId,
    name,
    available: shares(available),
    held: shares(0),
    averageCost: parseMoney("1"),
    lastPrice: null,
    marketValue: null,
    realisedProfit: parseMoney(realised),
    unrealisedProfit: null,
  };
}

function execution(trade: number, order = 1): Execution {
  return {
    trade: String(trade) as TradeId,
    order: String(order) as OrderId,
    stock: STOCK,
    side: "buy",
    price: parseMoney("1"),
    quantity: shares(1),
    amount: parseMoney("1"),
    fee: NO_MONEY,
    maker: false,
    time: trade as Instant,
  };
}

const BUY = orderOf({ id: "9", side: "buy", quantity: 5, price: "15.00" });
const ACCOUNT: Account = {
  orders: [BUY],
  executions: [execution(1)],
  wallet: WALLET,
  holdings: [holding("1", "Alderpoint", 5)],
};

test("open orders change in place, closed ones leave, the newest stands first", () => {
  const newer = orderOf({ id: "10", side: "sell", quantity: 1, price: "16.00" });
  const opened = changedAccount(ACCOUNT, {
    ...QUIET,
    orders: [newer, { ...BUY, status: "partially_filled" }],
  });
  expect(opened.orders.map(({ order, status }) => [order, status])).toEqual([
    ["10", "open"],
    ["9", "partially_filled"],
  ]);
  expect(changedAccount(opened, { ...QUIET, orders: [{ ...BUY, status: "filled" }] }).orders).toEqual([
    newer,
  ]);
});

test("executions come newest first and never twice; both sides of one's own trade are two", () => {
  const changed = changedAccount(ACCOUNT, {
    ...QUIET,
    executions: [execution(1), execution(2, 1), execution(2, 3)],
  });
  expect(changed.executions).toEqual([execution(2, 3), execution(2, 1), execution(1)]);
});

test("a holding that is sold out stays while its profit is remembered", () => {
  const changed = changedAccount(ACCOUNT, { ...QUIET, holdings: [holding("1", "Alderpoint", 0, "-3.50")] });
  expect(changed.holdings).toEqual([holding("1", "Alderpoint", 0, "-3.50")]);
});

test("a wallet that is not told stays, and a holding without shares leaves", () => {
  const changed = changedAccount(ACCOUNT, {
    ...QUIET,
    holdings: [holding("2", "Aaron", 3), holding("1", "Alderpoint", 0)],
  });
  expect(changed.wallet).toBe(WALLET);
  expect(changed.holdings).toEqual([holding("2", "Aaron", 3)]);
  expect(freeShares(changed, STOCK)).toBe(0);
  expect(freeShares(ACCOUNT, STOCK)).toBe(5);
});
