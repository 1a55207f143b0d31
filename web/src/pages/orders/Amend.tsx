// Changes the price or the quantity of an open order, and says what becomes of its place in the queue.
import { useSignal } from "@preact/signals";
import type { Order } from "../../model/account.ts";
import { type Amendment, keepsPlace, readAmendment } from "../../model/amendment.ts";
import { moneyText } from "../../model/money.ts";
import { showQuantity } from "../../model/quantity.ts";
import type { Stock } from "../../model/stock.ts";
import { capital, orderWords } from "../../model/words.ts";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Dialog } from "../../ui/parts/Dialog.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { FormEnd } from "../../ui/parts/FormEnd.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { useSubmit } from "../../ui/submit.ts";
import { useStock } from "../../venue/hooks.ts";
import { api } from "../../venue/venue.ts";

interface AmendProps {
  readonly order: Order | null;
  /** It was open when it was chosen: without an `order` it has closed since. */
  readonly gone: boolean;
  readonly onClose: () => void;
}

export function Amend({ order, gone, onClose }: AmendProps) {
  return (
    <Dialog title="Amend the order" open={gone} onClose={onClose}>
      {order === null ? (
        <div class="stack">
          <Notice>The order has closed meanwhile, so there is nothing left to change.</Notice>
          <div class="row end">
            <Button onPress={onClose}>Close</Button>
          </div>
        </div>
      ) : (
        <AmendForm key={order.order} order={order} onClose={onClose} />
      )}
    </Dialog>
  );
}

function AmendForm({ order, onClose }: { readonly order: Order; readonly onClose: () => void }) {
  const stock = useStock(order.stock);
  const price = useSignal(order.price === null ? "" : moneyText(order.price));
  const quantity = useSignal(String(order.quantity));
  const shown = useSignal(false);
  const reading = stock && readAmendment(order, stock, { quantity: quantity.value, price: price.value });
  const { submit, busy, fault } = useSubmit(async () => {
    shown.value = true;
    if (reading === null || reading.faults !== null) return;
    if (reading.to !== null) {
      await api.amend(order.order, reading.to);
      notify(`Amended: ${orderWords(order, stock?.name ?? "")} is now ${nowWords(order, reading.to)}.`);
    }
    onClose();
  });
  const faults = shown.value ? reading?.faults : null;
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <p>
        <strong>{stock && capital(orderWords(order, stock.name))}</strong>
        {order.filled > 0 && <span class="muted">, {showQuantity(order.filled)} traded</span>}
      </p>
      {order.price !== null && (
        <Field
          label="Price"
          inputMode="decimal"
          figure
          autoFocus
          value={price.value}
          fault={faults?.price}
          onInput={(text) => (price.value = text)}
        />
      )}
      <Field
        label="Quantity"
        inputMode="numeric"
        figure
        unit="shares"
        hint="Of the whole order, with what has traded"
        value={quantity.value}
        fault={faults?.quantity}
        onInput={(text) => (quantity.value = text)}
      />
      <p class="muted" aria-live="polite">
        {reading?.to
          ? effectWords(stock, order, reading.to)
          : "Fewer shares at the same price keep its place."}
      </p>
      <FormEnd fault={fault} busy={busy} verb="Amend" doing="Amending…" onLeave={onClose} />
    </form>
  );
}

function nowWords(order: Order, to: Amendment): string {
  const quantity = showQuantity(to.quantity ?? order.quantity);
  const price = to.price ?? order.price;
  return price === null ? quantity : `${quantity} at ${moneyText(price)}`;
}

function effectWords(stock: Stock | null, order: Order, to: Amendment): string {
  if (keepsPlace(order, to)) return "It keeps its place in the queue.";
  const price = to.price ?? order.price;
  const crosses =
    stock !== null &&
    price !== null &&
    (order.side === "buy"
      ? stock.bestAsk !== null && price >= stock.bestAsk
      : stock.bestBid !== null && price <= stock.bestBid);
  return crosses
    ? "It goes to the back of the queue, and at this price it would trade at once."
    : "It goes to the back of the queue.";
}
