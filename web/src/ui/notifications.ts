// Notifications: what happened while one looked elsewhere. They go by themselves, but not while they are read, and the
// last ones can be looked up until one signs out.
import { type ReadonlySignal, signal } from "@preact/signals";
import { type Instant, now } from "../model/time.ts";
import { announce } from "./announce.ts";

export interface Notification {
  readonly id: number;
  readonly at: Instant;
  readonly tone: "info" | "buy" | "sell" | "warn" | "error";
  readonly text: string;
}

const MOST_SHOWN = 4;
const SHOWN_MS = 8_000;
const MOST_KEPT = 50;

const shown = signal<readonly Notification[]>([]);
const kept = signal<readonly Notification[]>([]);
const unread = signal(0);
let last = 0;

export const notifications: ReadonlySignal<readonly Notification[]> = shown;

/** The last ones, newest first. */
export const lastNotifications: ReadonlySignal<readonly Notification[]> = kept;

/** How many have come since they were last looked up. */
export const unreadNotifications: ReadonlySignal<number> = unread;

/** Show a sentence at the corner of the page and tell it to screen readers. Errors stay until they are closed. */
export function notify(text: string, tone: Notification["tone"] = "info"): void {
  last += 1;
  const id = last;
  const notification = { id, at: now(), tone, text };
  shown.value = [...shown.peek(), notification].slice(-MOST_SHOWN);
  kept.value = [notification, ...kept.peek()].slice(0, MOST_KEPT);
  unread.value += 1;
  announce(text);
  if (tone !== "error") leaveLater(id);
}

export function dismiss(id: number): void {
  shown.value = shown.peek().filter((each) => each.id !== id);
}

export function notificationsRead(): void {
  unread.value = 0;
}

/** What one person was told is not for the next. */
export function forgetNotifications(): void {
  shown.value = [];
  kept.value = [];
  unread.value = 0;
}

function leaveLater(id: number): void {
  setTimeout(() => {
    if (document.querySelector(".toasts:is(:hover, :focus-within)") !== null) leaveLater(id);
    else dismiss(id);
  }, SHOWN_MS);
}
