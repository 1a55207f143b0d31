// The form that brings money in or takes it out.
//
// Its payment has an id before it is sent. Where no answer came the id is kept, so that pressing again cannot pay twice.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { type Money, moneyText, showMoney } from "../../model/money.ts";
import { PaymentKeys, readAmount } from "../../model/payment.ts";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { useSubmit } from "../../ui/submit.ts";
import { mayHaveHappened } from "../../venue/problem.ts";
import { api } from "../../venue/venue.ts";

const WORDS = {
  deposit: { label: "Amount to deposit", verb: "Deposit", doing: "Depositing…", done: "Deposited" },
  withdraw: { label: "Amount to withdraw", verb: "Withdraw", doing: "Withdrawing…", done: "Withdrawn" },
} as const;
const QUICK = ["1,000", "10,000", "100,000"] as const;

interface MoveProps {
  readonly what: keyof typeof WORDS;
  /** What can be withdrawn; null: no bound is known. */
  readonly free: Money | null;
}

export function Move({ what, free }: MoveProps) {
  const { label, verb, doing, done } = WORDS[what];
  const text = useSignal("");
  const wrong = useSignal<string | null>(null);
  const unknown = useSignal(false);
  const keys = useMemo(() => new PaymentKeys(), []);

  async function pay(): Promise<void> {
    const { amount, fault } = readAmount(text.value, free);
    wrong.value = fault;
    if (amount === null) return;
    unknown.value = false;
    try {
      await (what === "deposit" ? api.deposit : api.withdraw).call(api, amount, keys.keyFor(amount));
    } catch (error) {
      unknown.value = mayHaveHappened(error);
      if (!unknown.value) keys.settle();
      throw error;
    }
    keys.settle();
    text.value = "";
    notify(`${done} ${showMoney(amount)}.`);
  }
  const { submit, busy, fault } = useSubmit(pay);
  const fill = (value: string) => {
    text.value = value;
    wrong.value = null;
  };
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <Field
        label={label}
        inputMode="decimal"
        figure
        placeholder="0.00"
        value={text.value}
        fault={wrong.value}
        onInput={fill}
      />
      <div class="row quick">
        {what === "deposit" ? (
          QUICK.map((amount) => (
            <Button key={amount} onPress={() => fill(amount)}>
              {amount}
            </Button>
          ))
        ) : (
          <Button
            disabled={free === null || free <= 0n}
            onPress={() => free !== null && fill(moneyText(free))}
          >
            All that is free
          </Button>
        )}
      </div>
      {fault && (
        <Notice tone="error">
          {unknown.value
            ? `No answer came, so it is not known whether it was done. ${verb} the same again: it is done once.`
            : fault}
        </Notice>
      )}
      <Button kind="primary" type="submit" wide busy={busy}>
        {busy ? doing : verb}
      </Button>
    </form>
  );
}
