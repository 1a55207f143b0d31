// The dialog that lists a new stock.
import { useSignal } from "@preact/signals";
import { moneyTyped } from "../../model/money.ts";
import { notify } from "../../ui/notifications.ts";
import { Dialog } from "../../ui/parts/Dialog.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { FormEnd } from "../../ui/parts/FormEnd.tsx";
import { useSubmit } from "../../ui/submit.ts";
import { api } from "../../venue/venue.ts";

interface ListStockProps {
  readonly open: boolean;
  readonly onClose: () => void;
}

export function ListStock({ open, onClose }: ListStockProps) {
  return (
    <Dialog title="List a stock" open={open} onClose={onClose}>
      <ListStockForm onClose={onClose} />
    </Dialog>
  );
}

function ListStockForm({ onClose }: Pick<ListStockProps, "onClose">) {
  const name = useSignal("");
  const tick = useSignal("0.01");
  const shown = useSignal(false);
  const tickSize = moneyTyped(tick.value);
  const faults = {
    name: name.value.trim() === "" ? "Give it a name." : null,
    tick: tickSize === null || tickSize <= 0n ? "Enter a step above zero, such as 0.01." : null,
  };
  const { submit, busy, fault } = useSubmit(async () => {
    shown.value = true;
    if (faults.name !== null || faults.tick !== null) return;
    const stock = await api.listStock(name.value.trim(), tickSize);
    notify(`${stock.name} is listed. Grant shares to somebody, so that it can trade.`);
    onClose();
  });
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <Field
        label="Name"
        autoFocus
        maxLength={100}
        hint="It is never given to another stock."
        value={name.value}
        fault={shown.value ? faults.name : null}
        onInput={(text) => (name.value = text)}
      />
      <Field
        label="Tick size"
        inputMode="decimal"
        figure
        hint="The step of its prices; it stays as it is."
        value={tick.value}
        fault={shown.value ? faults.tick : null}
        onInput={(text) => (tick.value = text)}
      />
      <FormEnd fault={fault} busy={busy} verb="List the stock" doing="Listing…" onLeave={onClose} />
    </form>
  );
}
