// The fields of the ticket that take numbers: typed, stepped by the arrows, or filled by a press.
import { type Money, moneyText, moneyTyped, showMoney } from "../../model/money.ts";
import { quantityTyped } from "../../model/quantity.ts";
import type { Stock } from "../../model/stock.ts";
import { steppedPrice } from "../../model/ticket.ts";
import { Field } from "../../ui/parts/Field.tsx";

const QUANTITY_FIELD = "ticket-quantity";

/** For other parts of the page, which have put something into the ticket. */
export function focusQuantity(): void {
  const field = document.querySelector<HTMLInputElement>(`.${QUANTITY_FIELD} input`);
  field?.focus();
  field?.select();
}

interface TypedFieldProps {
  readonly value: string;
  readonly fault: string | null;
  readonly onInput: (text: string) => void;
}

export function PriceField({ stock, value, fault, onInput }: TypedFieldProps & { readonly stock: Stock }) {
  const step = (by: 1 | -1) => {
    const from = moneyTyped(value) ?? stock.lastPrice ?? stock.tickSize;
    onInput(moneyText(steppedPrice(from, stock.tickSize, by)));
  };
  return (
    <div>
      <Field
        label="Price"
        inputMode="decimal"
        figure
        value={value}
        fault={fault}
        maxLength={24}
        onInput={onInput}
        onStep={step}
      >
        <Steps down="One tick down" up="One tick up" onStep={step} />
      </Field>
      <Quotes stock={stock} onPick={(price) => onInput(moneyText(price))} />
    </div>
  );
}

interface QuotesProps {
  readonly stock: Stock;
  readonly onPick: (price: Money) => void;
}

/** Prices that one press puts in the field. */
function Quotes({ stock, onPick }: QuotesProps) {
  const quotes = [
    ["Bid", stock.bestBid],
    ["Last", stock.lastPrice],
    ["Ask", stock.bestAsk],
  ] as const;
  return (
    <div class="quotes">
      {quotes.map(([name, price]) => (
        <button key={name} type="button" disabled={price === null} onClick={() => price && onPick(price)}>
          <span>{name}</span> <span class="figure">{price === null ? "–" : showMoney(price)}</span>
        </button>
      ))}
    </div>
  );
}

export function QuantityField({ value, fault, onInput }: TypedFieldProps) {
  const step = (by: 1 | -1) => onInput(String(Math.max(1, (quantityTyped(value) ?? 0) + by)));
  return (
    <div class={QUANTITY_FIELD}>
      <Field
        label="Quantity"
        inputMode="numeric"
        figure
        unit="shares"
        value={value}
        fault={fault}
        maxLength={24}
        onInput={onInput}
        onStep={step}
      >
        <Steps down="One share fewer" up="One share more" onStep={step} />
      </Field>
    </div>
  );
}

interface StepsProps {
  readonly down: string;
  readonly up: string;
  readonly onStep: (by: 1 | -1) => void;
}

/** For the mouse and the thumb; the keyboard has the arrows, so these are no stops of the Tab key. */
function Steps({ down, up, onStep }: StepsProps) {
  return (
    <span class="steps">
      <button type="button" tabIndex={-1} aria-label={down} onClick={() => onStep(-1)}>
        −
      </button>
      <button type="button" tabIndex={-1} aria-label={up} onClick={() => onStep(1)}>
        +
      </button>
    </span>
  );
}
