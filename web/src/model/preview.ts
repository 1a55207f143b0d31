// What an order would do if it arrived now: the market's rules, played on the book that the page sees.
//
// It is a preview: by the time the order arrives the book may be another one. Where the page cannot know (levels
// beyond those it has, what waiting market buys can pay), `certain` is false. The rules' names of refusals are used.
import { type Order, ownAt } from "./account.ts";
import { type Book, bestOf, type Level } from "./book.ts";
import { averageOf, lesser, type Money, minus, NO_MONEY, plus, sharesPaid, times } from "./money.ts";
import { MOST_SHARES, NO_SHARES, type Quantity } from "./quantity.ts";
import type { OrderType, Side, TimeInForce } from "./side.ts";
import type { Stock } from "./stock.ts";

/** An order that somebody is about to place; `price` is there for limit orders alone. */
export interface Intent {
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: Quantity;
  readonly price: Money | null;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
}

/** What the preview is made from. Null money and shares: not known, so nothing is refused for want of them. */
export interface Market {
  readonly stock: Stock;
  readonly book: Book;
  /** Whether the book has all levels, or only the best of each side. */
  readonly whole: boolean;
  readonly freeMoney: Money | null;
  readonly freeShares: Quantity | null;
  /** Open orders of the account; those that stand against the intent are stepped over. */
  readonly ownOrders: readonly Order[];
}

export type Refusal =
  | "stock_halted"
  | "invalid_quantity"
  | "invalid_price"
  | "off_tick"
  | "value_too_large"
  | "insufficient_funds"
  | "insufficient_shares"
  | "would_take";

/** What becomes of the shares that do not trade at once. */
export type Rest = "none" | "waits" | "expires" | "killed" | "out_of_money";

export interface Preview {
  readonly refused: Refusal | null;
  /** The quantity after a cut to what the wallet can pay, or null where nothing is cut. */
  readonly cutTo: Quantity | null;
  /** Shares that trade at once, and what they cost or bring. */
  readonly trades: Quantity;
  readonly amount: Money;
  readonly averagePrice: Money | null;
  readonly worstPrice: Money | null;
  readonly remaining: Quantity;
  readonly rest: Rest;
  /** What the rest holds while it waits. */
  readonly heldMoney: Money;
  readonly heldShares: Quantity;
  readonly certain: boolean;
}

const MOST_MONEY = (9n * 10n ** 14n * 10_000n) as Money;

export function previewOf(intent: Intent, market: Market): Preview {
  const refused = staticRefusal(intent, market.stock);
  if (refused !== null) return refusedWith(refused);
  const funded = fund(intent, market);
  if (typeof funded === "string") return refusedWith(funded);
  const against = standingAgainst(intent, market);
  const fill = match(funded, against, market.stock.tickSize);
  if (intent.type === "market" && intent.side === "buy" && fill.outOfMoney && fill.trades === 0) {
    return refusedWith("insufficient_funds");
  }
  if (intent.postOnly && fill.trades > 0) return refusedWith("would_take");
  const cutTo = funded.quantity < intent.quantity ? funded.quantity : null;
  const whole = fill.remaining === 0;
  if (intent.timeInForce === "fok" && !whole) {
    return { ...NOTHING, remaining: funded.quantity, rest: "killed", certain: fill.certain };
  }
  const rest = whole
    ? "none"
    : fill.outOfMoney
      ? "out_of_money"
      : intent.timeInForce === "ioc"
        ? "expires"
        : "waits";
  return {
    refused: null,
    cutTo,
    trades: fill.trades,
    amount: fill.amount,
    averagePrice: averageOf(fill.amount, fill.trades),
    worstPrice: fill.lastPrice,
    remaining: fill.remaining,
    rest,
    heldMoney: rest === "waits" ? heldMoney(funded, fill, market.stock.lastPrice) : NO_MONEY,
    heldShares: rest === "waits" && intent.side === "sell" ? fill.remaining : NO_SHARES,
    certain: fill.certain,
  };
}

const NOTHING: Preview = {
  refused: null,
  cutTo: null,
  trades: NO_SHARES,
  amount: NO_MONEY,
  averagePrice: null,
  worstPrice: null,
  remaining: NO_SHARES,
  rest: "none",
  heldMoney: NO_MONEY,
  heldShares: NO_SHARES,
  certain: true,
};

function refusedWith(refused: Refusal): Preview {
  return { ...NOTHING, refused };
}

function staticRefusal(intent: Intent, stock: Stock): Refusal | null {
  if (stock.halted) return "stock_halted";
  if (intent.quantity < 1 || intent.quantity > MOST_SHARES) return "invalid_quantity";
  if (intent.type === "market") return intent.price === null ? null : "invalid_price";
  if (intent.price === null || intent.price <= 0n || intent.price > MOST_MONEY) return "invalid_price";
  if (intent.price % stock.tickSize !== 0n) return "off_tick";
  return times(intent.price, intent.quantity) > MOST_MONEY ? "value_too_large" : null;
}

/** The intent as the wallet lets it enter. `budget`: what a market buy may spend; null: no bound is known. */
interface Funded extends Intent {
  readonly budget: Money | null;
}

function fund(intent: Intent, { freeMoney, freeShares, stock }: Market): Funded | Refusal {
  if (intent.side === "sell") {
    if (freeShares !== null && freeShares < intent.quantity) return "insufficient_shares";
    return { ...intent, budget: null };
  }
  if (freeMoney === null) return { ...intent, budget: null };
  if (intent.price === null) {
    return freeMoney < stock.tickSize ? "insufficient_funds" : { ...intent, budget: freeMoney };
  }
  if (freeMoney >= times(intent.price, intent.quantity)) return { ...intent, budget: null };
  const affordable = sharesPaid(freeMoney, intent.price);
  if (affordable === 0 || intent.timeInForce === "fok") return "insufficient_funds";
  return { ...intent, quantity: affordable, budget: null };
}

/** Prices and quantities in the order in which they would trade; `certain` until a doubtful one is met. */
interface Offer {
  readonly price: Money;
  readonly quantity: Quantity;
  readonly certain: boolean;
}

interface Against {
  readonly offers: readonly Offer[];
  /** Whether what follows the last offer is known to be nothing. */
  readonly complete: boolean;
}

function standingAgainst(intent: Intent, market: Market): Against {
  const { book, stock } = market;
  const opposite: Side = intent.side === "buy" ? "sell" : "buy";
  const own = ownAt(market.ownOrders, stock.stock, opposite);
  const levels = opposite === "sell" ? book.asks : book.bids;
  const waiting = without(waitingAtMarket(intent, market, opposite), own.get(null));
  const offers: Offer[] = [];
  if (waiting > 0) {
    const price =
      intent.price ?? stock.lastPrice ?? (opposite === "sell" ? bestOf(book).ask : bestOf(book).bid);
    if (price === null) return { offers, complete: true };
    offers.push({ price, quantity: waiting, certain: opposite === "sell" });
  }
  for (const level of levels) {
    if (beyond(level, intent)) return { offers, complete: true };
    const quantity = without(level.quantity, own.get(level.price));
    if (quantity > 0) offers.push({ price: level.price, quantity, certain: true });
  }
  return { offers, complete: market.whole };
}

/** Before the first trade, those who wait on both sides trade with each other at the newcomer's limit first. */
function waitingAtMarket(intent: Intent, { book, stock }: Market, side: Side): Quantity {
  const waiting = side === "sell" ? book.marketSells : book.marketBuys;
  if (intent.price === null || stock.lastPrice !== null) return waiting;
  return without(waiting, Math.min(book.marketBuys, book.marketSells) as Quantity);
}

function without(quantity: Quantity, less: Quantity = NO_SHARES): Quantity {
  return Math.max(0, quantity - less) as Quantity;
}

function beyond(level: Level, { side, price }: Intent): boolean {
  if (price === null) return false;
  return side === "buy" ? level.price > price : level.price < price;
}

interface Fill {
  readonly trades: Quantity;
  readonly amount: Money;
  readonly lastPrice: Money | null;
  readonly remaining: Quantity;
  readonly outOfMoney: boolean;
  readonly certain: boolean;
}

function match({ quantity, budget }: Funded, { offers, complete }: Against, tick: Money): Fill {
  let remaining = quantity;
  let amount = NO_MONEY;
  let lastPrice: Money | null = null;
  let certain = true;
  const fill = (outOfMoney: boolean): Fill => ({
    trades: (quantity - remaining) as Quantity,
    amount,
    lastPrice,
    remaining,
    outOfMoney,
    certain,
  });
  for (const offer of offers) {
    certain &&= offer.certain;
    const payable = budget === null ? remaining : sharesPaid(minus(budget, amount), offer.price);
    const taken = Math.min(remaining, offer.quantity, payable) as Quantity;
    if (taken > 0) {
      remaining = (remaining - taken) as Quantity;
      amount = plus(amount, times(offer.price, taken));
      lastPrice = offer.price;
    }
    if (remaining === 0) return fill(false);
    if (budget !== null && (taken < offer.quantity || minus(budget, amount) < tick)) return fill(true);
  }
  certain &&= complete;
  return fill(false);
}

/** A waiting limit buy holds rest × limit; one at market rest × last price, and never more than it has. */
function heldMoney({ side, price, budget }: Funded, fill: Fill, lastBefore: Money | null): Money {
  if (side === "sell") return NO_MONEY;
  if (price !== null) return times(price, fill.remaining);
  const last = fill.lastPrice ?? lastBefore;
  const wanted = last === null ? null : times(last, fill.remaining);
  if (budget === null) return wanted ?? NO_MONEY;
  const left = minus(budget, fill.amount);
  return wanted === null ? left : lesser(left, wanted);
}
