// A question before something that cannot be undone. It stays open, with the reason, where the venue refuses.
import type { ComponentChildren } from "preact";
import { useSubmit } from "../submit.ts";
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
  const { submit, busy, fault } = useSubmit(async () => {
    await run();
    onClose();
  });
  return (
    <div class="stack">
      <div>{children}</div>
      {fault && <Notice tone="error">{fault}</Notice>}
      <div class="row end">
        <Button onPress={onClose} autoFocus>
          {no}
        </Button>
        <Button kind="danger" busy={busy} onPress={submit}>
          {yes}
        </Button>
      </div>
    </div>
  );
}
