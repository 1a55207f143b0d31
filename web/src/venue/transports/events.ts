// Messages over server-sent events. Its channels stand in its address, so other channels are another stream.
import { keyOf, messageIn, nameInAddress, type Subscription, type VenueMessage } from "../messages.ts";
import type { OpenTransport } from "./transport.ts";

const TYPES: readonly VenueMessage["type"][] = [
  "snapshot",
  "update",
  "heartbeat",
  "problem",
  "server_shutdown",
];
/** Pages subscribe to several channels at once; the stream is opened when they are through. */
const GATHERING_MS = 50;
const OPENING_MS = 8_000;

export function overEvents(path: string): OpenTransport {
  return (events) => {
    const wanted = new Map<string, Subscription>();
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const end = () => {
      over = true;
      clearTimeout(timer);
      source?.close();
    };
    const fail = () => {
      if (over) return;
      end();
      events.closed();
    };
    const open = () => {
      source?.close();
      if (wanted.size === 0) return;
      source = new EventSource(addressOf(path, [...wanted.values()]));
      clearTimeout(timer);
      timer = setTimeout(fail, OPENING_MS);
      source.onopen = () => clearTimeout(timer);
      source.onerror = fail;
      for (const type of TYPES) {
        source.addEventListener(type, ({ data }: MessageEvent<string>) => {
          const message = messageIn(data);
          if (!over && message !== null) events.message(message);
        });
      }
    };
    const reopen = () => {
      clearTimeout(timer);
      timer = setTimeout(open, GATHERING_MS);
    };
    queueMicrotask(() => {
      if (!over) events.opened();
    });
    return {
      subscribe: (subscription) => {
        wanted.set(keyOf(subscription), subscription);
        reopen();
      },
      unsubscribe: (subscription) => {
        wanted.delete(keyOf(subscription));
        reopen();
      },
      close: end,
    };
  };
}

function addressOf(path: string, subscriptions: readonly Subscription[]): string {
  const levels = subscriptions.flatMap((each) => (each.channel === "depth" ? [each.levels] : []));
  const query = new URLSearchParams({ channels: subscriptions.map(nameInAddress).join(",") });
  if (levels.length > 0) query.set("levels", String(Math.max(...levels)));
  return `${path}?${query}`;
}
