// A change of an open order as it is typed: what to ask of the venue, what it does to the order's place, or what is wrong.
import type { Order } from "./account.ts";
import type { Money } from "./money.ts";
import { moneyTyped } from "./money.ts";
import { NO_QUANTITY_TYPED, type Quantity, quantityTyped, showQuantity } from "./quantity.ts";
import type { Stock } from "./stock.ts";
import { faultOfPrice } from "./ticket.ts";

export interface Amendment {
  readonly quantity?: Quantity;
  readonly price?: Money;
}

export interface AmendmentFaults {
  readonly quantity?: string;
  readonly price?: string;
}

/** `to`: null where nothing would change. */
export type AmendmentReading =
  | { readonly to: Amendment | null; readonly faults: null }
  | { readonly to: null; readonly faults: AmendmentFaults };

/** `quantity` is the whole of the order, with what has traded already. */
export function readAmendment(
  order: Order,
  stock: Stock,
  typed: { readonly quantity: string; readonly price: string },
): AmendmentReading {
  const quantity = quantityTyped(typed.quantity);
  const price = order.price === null ? null : moneyTyped(typed.price);
  const quantityFault = faultOfQuantity(quantity, order);
  const priceFault = order.price === null ? null : faultOfPrice(price, stock);
  if (quantityFault !== null || priceFault !== null) {
    return {
      to: null,
      faults: {
        ...(quantityFault !== null && { quantity: quantityFault }),
        ...(priceFault !== null && { price: priceFault }),
      },
    };
  }
  const to: Amendment = {
    ...(quantity !== null && quantity !== order.quantity && { quantity }),
    ...(price !== null && price !== order.price && { price }),
  };
  return { to: Object.keys(to).length === 0 ? null : to, faults: null };
}

/** Fewer shares at the same price keep the order's place; anything else enters again at the back. */
export function keepsPlace(order: Order, to: Amendment): boolean {
  return to.price === undefined && to.quantity !== undefined && to.quantity < order.quantity;
}

function faultOfQuantity(quantity: Quantity | null, { filled }: Order): string | null {
  if (quantity === null) return NO_QUANTITY_TYPED;
  if (quantity > filled) return null;
  return `${showQuantity(filled)} have traded already, so it must be more. To stop the rest, cancel the order.`;
}
