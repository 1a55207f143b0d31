// From the wire to the model: strings become money and instants, numbers become shares. Each throws RangeError
// where the venue sent something else, which is shown as an error and never as a wrong number.
import type { Account, AccountChange, Execution, Holding, Order, Wallet } from "../model/account.ts";
import type { Book, BookChange, Level } from "../model/book.ts";
import type { Candle } from "../model/candles.ts";
import { type Money, parseMoney } from "../model/money.ts";
import { shares } from "../model/quantity.ts";
import type { Sparkline, Stock } from "../model/stock.ts";
import type { Trade } from "../model/tape.ts";
import { instant } from "../model/time.ts";
import type * as wire from "./wire.ts";

function maybe(text: string | null): Money | null {
  return text === null ? null : parseMoney(text);
}

export function stock(from: wire.WireStock): Stock {
  return {
    stock: from.stock,
    name: from.name,
    tickSize: parseMoney(from.tick_size),
    halted: from.halted,
    lastPrice: maybe(from.last_price),
    bestBid: maybe(from.best_bid),
    bestAsk: maybe(from.best_ask),
    dayOpen: maybe(from.day_open),
    dayHigh: maybe(from.day_high),
    dayLow: maybe(from.day_low),
    dayVolume: shares(from.day_volume),
    dayChange: maybe(from.day_change),
    sharesListed: shares(from.shares_listed),
  };
}

export function sparkline(from: wire.WireSparkline): Sparkline {
  return { stock: from.stock, closes: from.closes.map(parseMoney), change: maybe(from.change) };
}

function level(from: wire.WireLevel): Level {
  return { price: parseMoney(from.price), quantity: shares(from.quantity), orders: from.orders };
}

export function bookChange(from: wire.WireBookChange): BookChange {
  return {
    event: from.event,
    bids: from.bids.map(level),
    asks: from.asks.map(level),
    marketBuys: shares(from.market_buy_quantity),
    marketSells: shares(from.market_sell_quantity),
  };
}

export function book(from: wire.WireBook): Book {
  return { stock: from.stock, ...bookChange(from) };
}

export function trade(from: wire.WireTrade): Trade {
  return {
    trade: from.trade,
    price: parseMoney(from.price),
    quantity: shares(from.quantity),
    side: from.side,
    time: instant(from.time),
  };
}

export function candle(from: wire.WireCandle): Candle {
  return {
    start: instant(from.start),
    open: parseMoney(from.open),
    high: parseMoney(from.high),
    low: parseMoney(from.low),
    close: parseMoney(from.close),
    volume: shares(from.volume),
    trades: from.trades,
  };
}

export function order(from: wire.WireOrder): Order {
  return {
    order: from.order,
    clientOrderId: from.client_order_id,
    stock: from.stock,
    side: from.side,
    type: from.type,
    timeInForce: from.time_in_force,
    postOnly: from.post_only,
    price: maybe(from.price),
    quantity: shares(from.quantity),
    filled: shares(from.filled_quantity),
    remaining: shares(from.remaining_quantity),
    averagePrice: maybe(from.average_price),
    status: from.status,
    reason: from.reason,
    cut: from.cut,
    createdAt: instant(from.created_at),
    updatedAt: instant(from.updated_at),
  };
}

export function execution(from: wire.WireExecution): Execution {
  return {
    trade: from.trade,
    order: from.order,
    stock: from.stock,
    side: from.side,
    price: parseMoney(from.price),
    quantity: shares(from.quantity),
    amount: parseMoney(from.amount),
    fee: parseMoney(from.fee),
    maker: from.maker,
    time: instant(from.time),
  };
}

export function wallet(from: wire.WireWallet): Wallet {
  return {
    available: parseMoney(from.available),
    held: parseMoney(from.held),
    total: parseMoney(from.total),
  };
}

export function holding(from: wire.WireHolding): Holding {
  return {
    stock: from.stock,
    name: from.name,
    available: shares(from.available),
    held: shares(from.held),
    averageCost: parseMoney(from.average_cost),
    lastPrice: maybe(from.last_price),
    marketValue: maybe(from.market_value),
    realisedProfit: parseMoney(from.realised_profit),
    unrealisedProfit: maybe(from.unrealised_profit),
  };
}

export function account(from: wire.WireAccount): Account {
  return { ...accountChange(from), wallet: wallet(from.wallet) };
}

export function accountChange(from: wire.WireAccountChange): AccountChange {
  return {
    orders: from.orders.map(order),
    executions: from.executions.map(execution),
    wallet: from.wallet === null ? null : wallet(from.wallet),
    holdings: from.holdings.map(holding),
  };
}
