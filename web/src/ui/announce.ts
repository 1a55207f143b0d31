// What screen readers are told: one thing at a time, and never more often than a person can listen.
import { type ReadonlySignal, signal } from "@preact/signals";

const PAUSE_MS = 1_500;
const MOST_WAITING = 3;

const spoken = signal("");
const waiting: string[] = [];
let resting = false;

/** The text of the polite live region. */
export const announcement: ReadonlySignal<string> = spoken;

/** Say something when there is a pause. Of many that wait, the oldest are dropped. */
export function announce(text: string): void {
  if (waiting.at(-1) === text) return;
  waiting.push(text);
  if (waiting.length > MOST_WAITING) waiting.shift();
  if (!resting) speak();
}

function speak(): void {
  const text = waiting.shift();
  resting = text !== undefined;
  if (text === undefined) return;
  // The same text again would not be a change, and would not be said.
  spoken.value = text === spoken.peek() ? `${text}\u00a0` : text;
  setTimeout(speak, PAUSE_MS);
}
