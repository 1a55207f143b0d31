// Keyboard shortcuts: single keys that work wherever nobody is typing, and the list that `?` shows.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export interface Shortcut {
  /** As `KeyboardEvent.key` names it, or two keys one after the other: `g m`. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

/** All that work now, in the order in which they came. */
export const shortcuts = signal<readonly Shortcut[]>([]);

const SEQUENCE_MS = 1_000;
let first: { readonly key: string; readonly at: number } | null = null;

/** Let shortcuts work while the component is there. Give a list that stays the same (`useMemo`, or a constant). */
export function useShortcuts(list: readonly Shortcut[]): void {
  useEffect(() => {
    shortcuts.value = [...shortcuts.peek(), ...list];
    return () => {
      shortcuts.value = shortcuts.peek().filter((shortcut) => !list.includes(shortcut));
    };
  }, [list]);
}

/** Listen. Called once. */
export function listenForShortcuts(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTaken(event.target))
      return;
    const before = first !== null && event.timeStamp - first.at < SEQUENCE_MS ? `${first.key} ` : "";
    const found = named(before + event.key) ?? named(event.key);
    first = found === undefined ? { key: event.key, at: event.timeStamp } : null;
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

/** The newest of a name wins, so that a page may take a key over. */
function named(keys: string): Shortcut | undefined {
  return shortcuts.peek().findLast((shortcut) => shortcut.keys === keys);
}

/** Whoever types, or answers a dialog, has the keyboard. */
function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
  );
}
