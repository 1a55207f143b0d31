// Notifications: what happened while one looked elsewhere. They go by themselves, but not while they are read.
import { type ReadonlySignal, signal } from "@preact/signals";
import { announce } from "./announce.ts";

export interface Notification {
  readonly id: number;
  readonly tone: "info" | "buy" | "sell" | "warn" | "error";
  readonly text: string;
}

const MOST_SHOWN = 4;
const SHOWN_MS = 8_000;

const shown = signal<readonly Notification[]>([]);
let last = 0;

export const notifications: ReadonlySignal<readonly Notification[]> = shown;

/** Show a sentence at the corner of the page and tell it to screen readers. Errors stay until they are closed. */
export function notify(text: string, tone: Notification["tone"] = "info"): void {
  last += 1;
  const id = last;
  shown.value = [...shown.peek(), { id, tone, text }].slice(-MOST_SHOWN);
  announce(text);
  if (tone !== "error") leaveLater(id);
}

export function dismiss(id: number): void {
  shown.value = shown.peek().filter((each) => each.id !== id);
}

function leaveLater(id: number): void {
  setTimeout(() => {
    if (document.querySelector(".toasts:is(:hover, :focus-within)") !== null) leaveLater(id);
    else dismiss(id);
  }, SHOWN_MS);
}
