// A statement of all movements between two days, as a CSV file with running balances.
import { useSignal } from "@preact/signals";
import { type DayText, endOfDay, startOfDay, today } from "../../model/time.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { saveFile } from "../../ui/save.ts";
import { useSubmit } from "../../ui/submit.ts";
import { api } from "../../venue/venue.ts";

export function Statement() {
  const from = useSignal<DayText>("");
  const to = useSignal<DayText>(today());
  const wrong = useSignal<string | null>(null);
  const { submit, busy, fault } = useSubmit(async () => {
    const start = startOfDay(from.value);
    const end = endOfDay(to.value);
    wrong.value =
      start !== null && end !== null && end <= start ? "Choose a day on or after the first." : null;
    if (wrong.value !== null) return;
    const name = ["statement", from.value, to.value].filter((part) => part !== "").join("-");
    saveFile(`${name}.csv`, "text/csv", await api.statement(start, end));
  });
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <p class="muted">
        Every movement of money with its running balance, as CSV. Without a first day it goes back to the
        beginning.
      </p>
      <div class="span">
        <Field label="From" type="date" value={from.value} onInput={(text) => (from.value = text)} />
        <Field
          label="To, inclusive"
          type="date"
          fault={wrong.value}
          value={to.value}
          onInput={(text) => (to.value = text)}
        />
      </div>
      {fault && <Notice tone="error">{fault}</Notice>}
      <Button type="submit" wide busy={busy}>
        {busy ? "Preparing…" : "Download CSV"}
      </Button>
    </form>
  );
}
