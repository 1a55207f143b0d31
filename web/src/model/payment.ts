// A deposit or withdrawal as it is typed, and its id while the answer is out. Trying the same again, after an answer was
// lost, goes under the same id, which the venue carries out once.
import { type ClientOrderId, newClientOrderId } from "./ids.ts";
import { type Money, moneyTyped, NO_MONEY, showMoney } from "./money.ts";

/** Reads an amount as typed, or says what is wrong with it. `most`: null where there is no bound. */
export function readAmount(
  text: string,
  most: Money | null,
): { readonly amount: Money; readonly fault: null } | { readonly amount: null; readonly fault: string } {
  const amount = moneyTyped(text);
  if (amount === null) {
    const fault = "Enter an amount such as 1,000 or 250.50, with up to four decimals.";
    return { amount: null, fault };
  }
  if (amount <= NO_MONEY) return { amount: null, fault: "Enter an amount above zero." };
  if (most !== null && amount > most) {
    return { amount: null, fault: `Only ${showMoney(most)} is free to take out.` };
  }
  return { amount, fault: null };
}

export class PaymentKeys {
  #open: { readonly amount: Money; readonly key: ClientOrderId } | null = null;

  /** The id of a payment of this amount: a new one, unless the last such payment was not settled. */
  keyFor(amount: Money): ClientOrderId {
    if (this.#open?.amount !== amount) this.#open = { amount, key: newClientOrderId() };
    return this.#open.key;
  }

  /** It is known what became of it. */
  settle(): void {
    this.#open = null;
  }
}
