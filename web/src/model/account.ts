// An account as its owner sees it: orders, executions, wallet, holdings. Never changed; an update gives a new one.
import type { ClientOrderId, OrderId, StockId, TradeId } from "./ids.ts";
import type { Money } from "./money.ts";
import type { Quantity } from "./quantity.ts";
import { isOpen, type OrderStatus, type OrderType, type Side, type TimeInForce } from "./side.ts";
import type { Instant } from "./time.ts";

export interface Order {
  readonly order: OrderId;
  readonly clientOrderId: ClientOrderId | null;
  readonly stock: StockId;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly price: Money | null;
  readonly quantity: Quantity;
  readonly filled: Quantity;
  readonly remaining: Quantity;
  readonly averagePrice: Money | null;
  readonly status: OrderStatus;
  /** Why it closed. */
  readonly reason: string | null;
  /** To what the wallet could pay. */
  readonly cut: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

export interface Execution {
  readonly trade: TradeId;
  readonly order: OrderId;
  readonly stock: StockId;
  readonly side: Side;
  readonly price: Money;
  readonly quantity: Quantity;
  readonly amount: Money;
  readonly fee: Money;
  readonly maker: boolean;
  readonly time: Instant;
}

export interface Wallet {
  readonly available: Money;
  readonly held: Money;
  readonly total: Money;
}

export interface Holding {
  readonly stock: StockId;
  readonly name: string;
  readonly available: Quantity;
  readonly held: Quantity;
  readonly averageCost: Money;
  readonly lastPrice: Money | null;
  readonly marketValue: Money | null;
  readonly realisedProfit: Money;
  readonly unrealisedProfit: Money | null;
}

export interface Account {
  /** Open ones, newest first. */
  readonly orders: readonly Order[];
  /** Newest first. */
  readonly executions: readonly Execution[];
  readonly wallet: Wallet;
  /** By name; those that hold shares, and those sold out whose profit is remembered. */
  readonly holdings: readonly Holding[];
}

export interface AccountChange {
  /** Also those that have closed. */
  readonly orders: readonly Order[];
  /** New ones, oldest first. */
  readonly executions: readonly Execution[];
  readonly wallet: Wallet | null;
  /** Without shares or a remembered profit: gone. */
  readonly holdings: readonly Holding[];
}

export const EXECUTIONS_KEPT = 200;

export function changedAccount(account: Account, change: AccountChange): Account {
  return {
    orders: change.orders.length === 0 ? account.orders : openOrders(account.orders, change.orders),
    executions: newestExecutions(account.executions, change.executions),
    wallet: change.wallet ?? account.wallet,
    holdings: change.holdings.length === 0 ? account.holdings : held(account.holdings, change.holdings),
  };
}

/** The shares of a stock that can be sold. */
export function freeShares(account: Account, stock: StockId): Quantity {
  return account.holdings.find((holding) => holding.stock === stock)?.available ?? (0 as Quantity);
}

/** The shares of an account's orders that wait at each price of a side; null: at market. */
export function ownAt(
  orders: readonly Order[],
  stock: StockId,
  side: Side,
): ReadonlyMap<Money | null, Quantity> {
  const own = new Map<Money | null, Quantity>();
  for (const order of orders) {
    if (order.stock !== stock || order.side !== side) continue;
    own.set(order.price, ((own.get(order.price) ?? 0) + order.remaining) as Quantity);
  }
  return own;
}

function openOrders(orders: readonly Order[], changed: readonly Order[]): readonly Order[] {
  const byId = new Map(orders.map((order) => [order.order, order]));
  for (const order of changed) {
    if (isOpen(order.status)) byId.set(order.order, order);
    else byId.delete(order.order);
  }
  return [...byId.values()].sort(
    (one, other) => other.createdAt - one.createdAt || compareIds(other.order, one.order),
  );
}

/** One trade may be two executions, where both of its orders are of this account. */
function newestExecutions(known: readonly Execution[], fresh: readonly Execution[]): readonly Execution[] {
  const seen = new Set(known.map(executionKey));
  const unseen = fresh.filter((execution) => !seen.has(executionKey(execution)));
  return unseen.length === 0 ? known : [...unseen.reverse(), ...known].slice(0, EXECUTIONS_KEPT);
}

export function executionKey(execution: Execution): string {
  return `${execution.trade}/${execution.order}`;
}

function held(holdings: readonly Holding[], changed: readonly Holding[]): readonly Holding[] {
  const byStock = new Map(holdings.map((holding) => [holding.stock, holding]));
  for (const holding of changed) {
    if (holding.available + holding.held > 0 || holding.realisedProfit !== 0n)
      byStock.set(holding.stock, holding);
    else byStock.delete(holding.stock);
  }
  return [...byStock.values()].sort((one, other) => one.name.localeCompare(other.name));
}

/** Ids are numbers of up to 19 digits as text; a longer one is a later one. */
function compareIds(one: OrderId, other: OrderId): number {
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}
