// The ticket: what to buy or sell, what it would do now, and sending it once.
import { useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { type Money, moneyText, moneyTyped, showMoney } from "../../model/money.ts";
import type { Intent } from "../../model/preview.ts";
import { quantityTyped, showQuantity } from "../../model/quantity.ts";
import type { OrderType, Side, TimeInForce } from "../../model/side.ts";
import type { Stock } from "../../model/stock.ts";
import { readTicket, steppedPrice, type Ticket } from "../../model/ticket.ts";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Check, Choice, Field, type Option, Select } from "../../ui/parts/Field.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { go } from "../../ui/router/router.ts";
import { type Shortcut, useShortcuts } from "../../ui/shortcuts.ts";
import { useUser } from "../../venue/hooks.ts";
import { mayHaveHappened } from "../../venue/problem.ts";
import { pendingOrders, session } from "../../venue/venue.ts";
import { withNext } from "../door/door.ts";
import { tellsItself } from "../notices.ts";
import { pathTo } from "../routes.ts";
import { atPrice, type Fault, faultOf, outcomeOf } from "./outcome.ts";
import { Preview } from "./Preview.tsx";
import { Sizes } from "./Sizes.tsx";
import { ticketOf } from "./tickets.ts";

const SIDES: readonly Option<Side>[] = [
  { value: "buy", label: "Buy", tone: "buy" },
  { value: "sell", label: "Sell", tone: "sell" },
];
const TYPES: readonly Option<OrderType>[] = [
  { value: "limit", label: "Limit" },
  { value: "market", label: "Market" },
];
const TIMES: readonly Option<TimeInForce>[] = [
  { value: "gtc", label: "Good till cancelled" },
  { value: "ioc", label: "Immediate or cancel" },
  { value: "fok", label: "Fill or kill" },
];

const QUANTITY_FIELD = "ticket-quantity";

/** For other parts of the page, which have put something into the ticket. */
export function focusQuantity(): void {
  const field = document.querySelector<HTMLInputElement>(`.${QUANTITY_FIELD} input`);
  field?.focus();
  field?.select();
}

export function TicketForm({ stock }: { readonly stock: Stock }) {
  const ticket = ticketOf(stock.stock);
  const { send, busy, fault, touched } = useSending(stock);
  const set = (change: Partial<Ticket>) => {
    touched();
    ticket.value = { ...ticket.peek(), ...change };
  };
  useTicketKeys(stock, set);
  const now = ticket.value;
  const reading = readTicket(now, stock);
  const said = (field: "price" | "quantity") => (fault?.field === field ? fault.text : null);

  return (
    <form
      class="ticket stack"
      aria-label="Ticket"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {stock.halted && <Notice tone="warn">The stock is halted: only cancels work.</Notice>}
      <div class="ticket-kind">
        <Choice label="Side" value={now.side} options={SIDES} onChange={(side) => set({ side })} />
        <Choice label="Order type" value={now.type} options={TYPES} onChange={(type) => set({ type })} />
      </div>
      {now.type === "limit" && (
        <PriceField
          stock={stock}
          value={now.price}
          fault={said("price")}
          onInput={(price) => set({ price })}
        />
      )}
      <QuantityField
        value={now.quantity}
        fault={said("quantity")}
        onInput={(text) => set({ quantity: text })}
      />
      <Sizes stock={stock} ticket={now} onSize={set} />
      <div class="ticket-terms">
        <Select
          label="Time in force"
          value={now.timeInForce}
          options={TIMES}
          onChange={(timeInForce) => set({ timeInForce })}
        />
        <Check
          label="Post-only"
          checked={now.postOnly && canPost(now)}
          disabled={!canPost(now)}
          onChange={(postOnly) => set({ postOnly })}
        />
      </div>
      <Preview stock={stock} intent={reading.intent} side={now.side} />
      {fault !== null && fault.field === null && <Notice tone="error">{fault.text}</Notice>}
      <Send ticket={now} intent={reading.intent} busy={busy} />
    </form>
  );
}

/** Only what may wait can promise not to take. */
function canPost({ type, timeInForce }: Ticket): boolean {
  return type === "limit" && timeInForce === "gtc";
}

interface SendProps {
  readonly ticket: Ticket;
  readonly intent: Intent | null;
  readonly busy: boolean;
}

/** The button says what it will send, which is the review. */
function Send({ ticket, intent, busy }: SendProps) {
  const state = session.state.value;
  if (state.kind === "none") {
    const signIn = withNext(pathTo("signIn"), location.pathname);
    return (
      <Button kind="primary" wide onPress={() => go(signIn)}>
        Sign in to trade
      </Button>
    );
  }
  const verb = ticket.side === "buy" ? "Buy" : "Sell";
  const whole = intent && `${verb} ${showQuantity(intent.quantity)} ${atPrice(intent.price)}`;
  return (
    <Button kind={ticket.side} type="submit" wide busy={busy}>
      {busy ? "Sending…" : (whole ?? `Place ${verb.toLowerCase()} order`)}
    </Button>
  );
}

interface TypedFieldProps {
  readonly value: string;
  readonly fault: string | null;
  readonly onInput: (text: string) => void;
}

function PriceField({ stock, value, fault, onInput }: TypedFieldProps & { readonly stock: Stock }) {
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
        <Steps of="Price" unit={`by ${showMoney(stock.tickSize)}`} onStep={step} />
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

function QuantityField({ value, fault, onInput }: TypedFieldProps) {
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
        <Steps of="Quantity" unit="by 1" onStep={step} />
      </Field>
    </div>
  );
}

interface StepsProps {
  readonly of: string;
  readonly unit: string;
  readonly onStep: (by: 1 | -1) => void;
}

/** For the mouse and the thumb; the keyboard has the arrows, so these are no stops of the Tab key. */
function Steps({ of, unit, onStep }: StepsProps) {
  return (
    <span class="steps">
      <button type="button" tabIndex={-1} aria-label={`${of} down ${unit}`} onClick={() => onStep(-1)}>
        −
      </button>
      <button type="button" tabIndex={-1} aria-label={`${of} up ${unit}`} onClick={() => onStep(1)}>
        +
      </button>
    </span>
  );
}

/** `b` and `s` take the side and go to the quantity. */
function useTicketKeys({ stock }: Stock, set: (change: Partial<Ticket>) => void): void {
  const latest = useRef(set);
  latest.current = set;
  useShortcuts(
    useMemo(() => {
      const take = (keys: string, does: string, change: () => Partial<Ticket>): Shortcut => ({
        keys,
        does,
        run: () => {
          latest.current(change());
          focusQuantity();
        },
      });
      return [
        take("b", "Buy: go to the quantity", () => ({ side: "buy" })),
        take("s", "Sell: go to the quantity", () => ({ side: "sell" })),
        take("m", "Limit or market", () => ({
          type: ticketOf(stock).peek().type === "limit" ? "market" : "limit",
        })),
      ];
    }, [stock]),
  );
}

/** Sending the ticket: never twice at once; what it came to is notified, what was refused is kept as a fault. */
function useSending(stock: Stock) {
  const busy = useSignal(false);
  const fault = useSignal<Fault | null>(null);
  const ticket = ticketOf(stock.stock);
  const signedIn = useUser() !== null;

  async function send(): Promise<void> {
    if (busy.peek() || !signedIn) return;
    const { intent, faults } = readTicket(ticket.peek(), stock);
    if (intent === null) {
      fault.value = firstOf(faults);
      return;
    }
    busy.value = true;
    fault.value = null;
    try {
      const order = await pendingOrders.place(stock.stock, intent);
      tellsItself(order.order);
      notify(outcomeOf(order, stock.name), order.filled > 0 ? order.side : "info");
      emptied();
    } catch (error) {
      fault.value = faultOf(error);
      if (mayHaveHappened(error)) emptied();
    } finally {
      busy.value = false;
    }
  }

  /** So that the Enter key, pressed once more, does not order the same again. */
  function emptied(): void {
    ticket.value = { ...ticket.peek(), quantity: "" };
  }

  return { send, busy: busy.value, fault: fault.value, touched: () => (fault.value = null) };
}

function firstOf(faults: { readonly quantity?: string; readonly price?: string }): Fault {
  return faults.price === undefined
    ? { field: "quantity", text: faults.quantity ?? "" }
    : { field: "price", text: faults.price };
}
