// The dialog of keyboard shortcuts: what works on the page that is open.
import { signal } from "@preact/signals";
import { Dialog } from "../parts/Dialog.tsx";
import { shortcuts } from "../shortcuts.ts";

const open = signal(false);

export function showHelp(): void {
  open.value = true;
}

export function Help() {
  return (
    <Dialog title="Keyboard shortcuts" open={open.value} onClose={() => (open.value = false)}>
      <dl class="facts shortcut-list">
        {shortcuts.value.map(({ keys, does }) => (
          <div key={keys}>
            <dt>{does}</dt>
            <dd>
              {keys.split(" ").map((key, at) => (
                <>
                  {at > 0 && " then "}
                  <kbd>{key}</kbd>
                </>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
