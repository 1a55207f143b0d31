// The end of a form in a dialog: what went wrong, the way out, and the button that sends it.
import { Button } from "./Button.tsx";
import { Notice } from "./Notice.tsx";

interface FormEndProps {
  readonly fault: string | null;
  readonly busy: boolean;
  /** What the button says, at rest and while it is done. */
  readonly verb: string;
  readonly doing: string;
  readonly leave?: string;
  readonly onLeave: () => void;
}

export function FormEnd({ fault, busy, verb, doing, leave = "Leave it", onLeave }: FormEndProps) {
  return (
    <>
      {fault && <Notice tone="error">{fault}</Notice>}
      <div class="row end">
        <Button onPress={onLeave}>{leave}</Button>
        <Button kind="primary" type="submit" busy={busy}>
          {busy ? doing : verb}
        </Button>
      </div>
    </>
  );
}
