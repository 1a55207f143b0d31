// Quantities: whole shares, and counts that JSON carries exactly (below 2^53).

declare const unit: unique symbol;

/** Whole shares, zero or more. */
export type Quantity = number & { readonly [unit]: "shares" };

export const NO_SHARES = 0 as Quantity;
export const MOST_SHARES = 1e15 as Quantity;

/** Whole shares from a number; RangeError where it is none, or where JSON may have rounded it. */
export function shares(count: number): Quantity {
  if (!Number.isSafeInteger(count) || count < 0) throw new RangeError(`${count} is no number of shares`);
  return count as Quantity;
}

/** What a person has typed, or null. Zero is no quantity that can be ordered. */
export function quantityTyped(text: string): Quantity | null {
  const plain = text.replace(/[\s,_]/g, "");
  if (!/^\d{1,16}$/.test(plain)) return null;
  const count = Number(plain);
  return count >= 1 && count <= MOST_SHARES ? (count as Quantity) : null;
}

/** What is wrong with a text that is none. */
export const NO_QUANTITY_TYPED = "Enter a whole number of shares, 1 or more.";

/** A whole number as people read it: `12,345`. */
export function showCount(count: number): string {
  return count.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

export function showQuantity(quantity: Quantity): string {
  return showCount(quantity);
}

/** Short for narrow columns, rounded down: `12.3k`, `4.5M`. */
export function showShort(quantity: Quantity): string {
  const step = SHORT.find(([size]) => quantity >= size * 10);
  if (step === undefined) return showQuantity(quantity);
  const [size, letter] = step;
  return `${(Math.floor((quantity * 10) / size) / 10).toLocaleString("en")}${letter}`;
}

const SHORT: readonly (readonly [size: number, letter: string])[] = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];
