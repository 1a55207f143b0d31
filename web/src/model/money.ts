// Money as integers: ten-thousandths of the currency unit in a `bigint`, the scale fixed once, here.
// A price times a quantity may pass 2^53, and no float ever touches money.
import type { Quantity } from "./quantity.ts";

declare const unit: unique symbol;

/** An amount in ten-thousandths of the currency unit. */
export type Money = bigint & { readonly [unit]: "money" };

const SCALE = 10_000n;
const DECIMALS = 4;
const DECIMAL = /^(-?)(\d{1,30})(?:\.(\d{1,4}))?$/;

export const NO_MONEY = 0n as Money;

/** The money of a plain decimal such as `135.5`, or null where the text is none. */
export function tryParseMoney(text: string): Money | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, minus, units = "", fraction = ""] = match;
  const amount = BigInt(units) * SCALE + BigInt(fraction.padEnd(DECIMALS, "0"));
  return (minus === "-" ? -amount : amount) as Money;
}

/** The money of a decimal that the venue has sent; RangeError where it is none. */
export function parseMoney(text: string): Money {
  const money = tryParseMoney(text);
  if (money === null) throw new RangeError(`"${text}" is no amount of money`);
  return money;
}

/** What a person has typed, or null: spaces and commas between thousands are theirs to use. */
export function moneyTyped(text: string): Money | null {
  const plain = text.replace(/[\s,_]/g, "");
  return tryParseMoney(plain.startsWith(".") ? `0${plain}` : plain.replace(/\.$/, ""));
}

/** As the venue writes it: `135.50`, with four decimals where two are too few. */
export function moneyText(money: Money): string {
  const [units, fraction] = digits(money);
  return `${money < 0n ? "-" : ""}${units}.${fraction}`;
}

/** As people read it: `1,234.50`. `decimals` is the least to show. */
export function showMoney(money: Money, decimals: 2 | 3 | 4 = 2): string {
  const [units, fraction] = digits(money);
  const grouped = units.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${money < 0n ? "−" : ""}${grouped}.${fraction.padEnd(decimals, "0")}`;
}

/** With its sign always: `+1.50`, `−0.20`, `0.00`. */
export function showSigned(money: Money, decimals: 2 | 3 | 4 = 2): string {
  return money > 0n ? `+${showMoney(money, decimals)}` : showMoney(money, decimals);
}

/** How many decimals the prices of a tick size need, so that a column of them lines up. */
export function decimalsOf(tick: Money): 2 | 3 | 4 {
  if (tick % 100n === 0n) return 2;
  return tick % 10n === 0n ? 3 : 4;
}

/** How many decimals a column of amounts needs to line up. */
export function decimalsOfAll(amounts: readonly (Money | null)[]): 2 | 4 {
  return amounts.every((amount) => amount === null || amount % 100n === 0n) ? 2 : 4;
}

export function plus(one: Money, other: Money): Money {
  return (one + other) as Money;
}

export function minus(one: Money, other: Money): Money {
  return (one - other) as Money;
}

/** What so many shares are worth at a price. */
export function times(price: Money, shares: Quantity): Money {
  return (price * BigInt(shares)) as Money;
}

export function lesser(one: Money, other: Money): Money {
  return one < other ? one : other;
}

export function greater(one: Money, other: Money): Money {
  return one > other ? one : other;
}

/** The whole shares that an amount pays at a price above zero. */
export function sharesPaid(amount: Money, price: Money): Quantity {
  const shares = amount > 0n ? amount / price : 0n;
  const most = BigInt(Number.MAX_SAFE_INTEGER);
  return Number(shares > most ? most : shares) as Quantity;
}

/** The average price of shares that cost so much together, rounded half up; zero shares have none. */
export function averageOf(amount: Money, shares: Quantity): Money | null {
  if (shares === 0) return null;
  const count = BigInt(shares);
  return ((amount * 2n + count) / (count * 2n)) as Money;
}

/** What `change` is of `base` in hundredths of a per cent, to zero; null where the base is nothing. */
export function basisPoints(change: Money, base: Money): number | null {
  return base === 0n ? null : Number((change * 10_000n) / base);
}

/** For plots alone, which draw pixels: the nearest float in currency units. Never counted with. */
export function forPlot(money: Money): number {
  return Number(money) / Number(SCALE);
}

function digits(money: Money): readonly [units: string, fraction: string] {
  const size = money < 0n ? -money : money;
  const fraction = (size % SCALE).toString().padStart(DECIMALS, "0");
  return [(size / SCALE).toString(), fraction.replace(/0{1,2}$/, "")];
}
