// The dialog that brings new shares of a stock into an account.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { newClientOrderId } from "../../model/ids.ts";
import { NO_QUANTITY_TYPED, quantityTyped, showQuantity } from "../../model/quantity.ts";
import type { Stock } from "../../model/stock.ts";
import { notify } from "../../ui/notifications.ts";
import { Dialog } from "../../ui/parts/Dialog.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { FormEnd } from "../../ui/parts/FormEnd.tsx";
import { useSubmit } from "../../ui/submit.ts";
import { useUser } from "../../venue/hooks.ts";
import { api } from "../../venue/venue.ts";

interface GrantSharesProps {
  readonly stock: Stock | null;
  readonly onClose: () => void;
}

export function GrantShares({ stock, onClose }: GrantSharesProps) {
  return (
    <Dialog title={`Grant shares of ${stock?.name ?? ""}`} open={stock !== null} onClose={onClose}>
      {stock !== null && <GrantForm stock={stock} onClose={onClose} />}
    </Dialog>
  );
}

function GrantForm({ stock, onClose }: { readonly stock: Stock; readonly onClose: () => void }) {
  const account = useSignal<string>(useUser()?.account ?? "");
  const quantity = useSignal("");
  const shown = useSignal(false);
  const count = quantityTyped(quantity.value);
  const to = account.value.trim();
  // The same grant again, after an answer was lost, is done once.
  const key = useMemo(newClientOrderId, [to, count]);
  const faults = {
    account: /^\d+$/.test(to) ? null : "Enter the number of an account; the list of users has them.",
    quantity: count === null ? NO_QUANTITY_TYPED : null,
  };
  const { submit, busy, fault } = useSubmit(async () => {
    shown.value = true;
    if (faults.account !== null || count === null) return;
    await api.grant(stock.stock, { account: to, quantity: count }, key);
    notify(`Granted ${showQuantity(count)} ${stock.name} to account ${to}.`);
    onClose();
  });
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <p class="muted">New shares, which cost their owner nothing. They cannot be taken back.</p>
      <Field
        label="Account"
        inputMode="numeric"
        hint="Your own, unless you enter another"
        value={account.value}
        fault={shown.value ? faults.account : null}
        onInput={(text) => (account.value = text)}
      />
      <Field
        label="Quantity"
        inputMode="numeric"
        figure
        unit="shares"
        autoFocus
        value={quantity.value}
        fault={shown.value ? faults.quantity : null}
        onInput={(text) => (quantity.value = text)}
      />
      <FormEnd fault={fault} busy={busy} verb="Grant shares" doing="Granting…" onLeave={onClose} />
    </form>
  );
}
