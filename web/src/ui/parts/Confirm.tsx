// A question before something that cannot be undone. It stays open, with the reason, where the venue refuses.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { sentenceOf } from "../../venue/problem.ts";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { Notice } from "./Notice.tsx";

interface ConfirmProps {
  readonly title: string;
  readonly open: boolean;
  readonly onClose: () => void;
  /** What the buttons say: the thing itself, and its opposite. */
  readonly yes: string;
  readonly no?: string;
  readonly run: () => Promise<void>;
  readonly children: ComponentChildren;
}

export function Confirm(props: ConfirmProps) {
  return (
    <Dialog title={props.title} open={props.open} onClose={props.onClose}>
      <Question {...props} />
    </Dialog>
  );
}

function Question({ onClose, yes, no = "Leave it", run, children }: ConfirmProps) {
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);
  async function go(): Promise<void> {
    busy.value = true;
    fault.value = null;
    try {
      await run();
      onClose();
    } catch (error) {
      fault.value = sentenceOf(error);
    } finally {
      busy.value = false;
    }
  }
  return (
    <div class="stack">
      <div>{children}</div>
      {fault.value && <Notice tone="error">{fault.value}</Notice>}
      <div class="row end">
        <Button onPress={onClose} autoFocus>
          {no}
        </Button>
        <Button kind="danger" busy={busy.value} onPress={() => void go()}>
          {yes}
        </Button>
      </div>
    </div>
  );
}
