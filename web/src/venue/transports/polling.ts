// Messages made of ordinary requests, once a second: each answer is a snapshot.
import type { Api } from "../api.ts";
import { type DataMessage, keyOf, type Subscription } from "../messages.ts";
import { SessionEnded } from "../problem.ts";
import type { OpenTransport } from "./transport.ts";

const EVERY_MS = 1_000;

/** `polled` is called after each round that was answered. */
export function byPolling(api: Api, polled: () => void): OpenTransport {
  return (events) => {
    const wanted = new Map<string, Subscription>();
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async () => {
      const asked = [...wanted.values()];
      try {
        const messages = await Promise.all(asked.map((each) => snapshotOf(api, each)));
        if (over) return;
        polled();
        for (const [at, message] of messages.entries()) {
          const subscription = asked[at];
          // Nobody may want it by now.
          if (message !== null && subscription && wanted.has(keyOf(subscription))) events.message(message);
        }
        timer = setTimeout(() => void round(), EVERY_MS);
      } catch {
        if (over) return;
        over = true;
        events.closed();
      }
    };
    timer = setTimeout(() => void round());
    queueMicrotask(() => {
      if (!over) events.opened();
    });
    return {
      subscribe: (subscription) => wanted.set(keyOf(subscription), subscription),
      unsubscribe: (subscription) => wanted.delete(keyOf(subscription)),
      close: () => {
        over = true;
        clearTimeout(timer);
      },
    };
  };
}

/** Null where the session has ended meanwhile, which is no fault of the connection. */
async function snapshotOf(api: Api, subscription: Subscription): Promise<DataMessage | null> {
  try {
    const data = await dataOf(api, subscription);
    return { type: "snapshot", ...subscription, number: 0, data };
  } catch (error) {
    if (error instanceof SessionEnded) return null;
    throw error;
  }
}

function dataOf(api: Api, subscription: Subscription): Promise<unknown> {
  switch (subscription.channel) {
    case "prices":
      return api.wireStocks();
    case "depth":
      return api.wireBook(subscription.stock, subscription.levels);
    case "trades":
      return api.wireTrades(subscription.stock);
    case "candles":
      return api.wireCandles(subscription.stock, subscription.interval);
    case "account":
      return api.wireAccount();
  }
}
