// A modal dialog: the browser's own, which keeps the focus inside and gives it back.
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { IconButton } from "./Button.tsx";

interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  /** Null: it has to be answered and cannot be closed. */
  readonly onClose: (() => void) | null;
  readonly wide?: boolean;
  /** Below the tools of the bar rather than in the middle. */
  readonly corner?: boolean;
  readonly children: ComponentChildren;
}

export function Dialog({ title, open, onClose, wide = false, corner = false, children }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      data-wide={wide ? "" : undefined}
      data-corner={corner ? "" : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose?.();
      }}
      onKeyDown={(event) => {
        // Browsers let a second Escape close what has refused the first one.
        if (event.key === "Escape" && onClose === null) event.preventDefault();
      }}
    >
      {open && (
        <>
          <div class="head">
            <h2 id={id}>{title}</h2>
            {onClose && <IconButton icon="close" label="Close" onPress={onClose} />}
          </div>
          <div class="body">{children}</div>
        </>
      )}
    </dialog>
  );
}
