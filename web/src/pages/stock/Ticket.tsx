// The ticket: what to buy or sell, what it would do now, and sending it once.
import { useMemo } from "preact/hooks";
import type { StockId } from "../../model/ids.ts";
import type { Intent } from "../../model/preview.ts";
import { showQuantity } from "../../model/quantity.ts";
import type { OrderType, Side, TimeInForce } from "../../model/side.ts";
import type { Stock } from "../../model/stock.ts";
import { canPost, readTicket, type Ticket } from "../../model/ticket.ts";
import { atPrice } from "../../model/words.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Check, Choice, type Option, Select } from "../../ui/parts/Field.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { go } from "../../ui/router/router.ts";
import { type Shortcut, useShortcuts } from "../../ui/shortcuts.ts";
import { session } from "../../venue/venue.ts";
import { withNext } from "../door/next.ts";
import { pathTo } from "../routes.ts";
import { Preview } from "./Preview.tsx";
import { Sizes } from "./Sizes.tsx";
import { useSending } from "./sending.ts";
import { focusQuantity, PriceField, QuantityField } from "./TicketFields.tsx";
import { changeTicket, ticketOf } from "./tickets.ts";
import "./ticket.css";

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

export function TicketForm({ stock }: { readonly stock: Stock }) {
  const ticket = ticketOf(stock.stock);
  const { send, busy, fault } = useSending(stock);
  const set = (change: Partial<Ticket>) => changeTicket(stock.stock, change);
  useTicketKeys(stock.stock);
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

/** `b` and `s` take the side and go to the quantity. */
function useTicketKeys(stock: StockId): void {
  useShortcuts(
    useMemo(() => {
      const key = (keys: string, does: string, change: () => Partial<Ticket>): Shortcut => ({
        keys,
        does,
        run: () => {
          changeTicket(stock, change());
          focusQuantity();
        },
      });
      return [
        key("b", "Buy: go to the quantity", () => ({ side: "buy" })),
        key("s", "Sell: go to the quantity", () => ({ side: "sell" })),
        key("m", "Limit or market", () => ({ type: otherType(ticketOf(stock).peek().type) })),
      ];
    }, [stock]),
  );
}

function otherType(type: OrderType): OrderType {
  return type === "limit" ? "market" : "limit";
}
