// The one venue of the page: everything that talks to it, put together here and nowhere else.
//
//   session ──who──> stream ──messages──> stores ──signals──> pages
//   pages ──intents──> pending ──orders──> api ──requests──> client
import { effect, untracked } from "@preact/signals";
import type { Execution, Order } from "../model/account.ts";
import { Api } from "./api.ts";
import { Client } from "./client.ts";
import { PendingOrders } from "./pending.ts";
import { Session } from "./session.ts";
import { Stores } from "./stores.ts";
import { Stream } from "./stream.ts";
import { overEvents } from "./transports/events.ts";
import { byPolling } from "./transports/polling.ts";
import { overWebSocket } from "./transports/websocket.ts";

type Listener<T> = (what: T) => void;

const executionListeners = new Set<Listener<Execution>>();
const foundListeners = new Set<Listener<Order>>();

export const client = new Client();
export const session = new Session(client);
export const api = new Api(client);

export const stream: Stream = new Stream([
  overWebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/stream`),
  overEvents("/v1/stream/events"),
  byPolling(api, () => stream.polled()),
]);

export const stores = new Stores(stream, {
  executed: (execution) => {
    for (const tell of executionListeners) tell(execution);
  },
  sessionEnded: () => session.doubted(),
});

export const pendingOrders = new PendingOrders(api, sessionStorage, (order) => {
  for (const tell of foundListeners) tell(order);
});

/** Hear of the account's executions as they happen. */
export function onExecution(tell: Listener<Execution>): () => void {
  executionListeners.add(tell);
  return () => executionListeners.delete(tell);
}

/** Hear of orders whose answer was lost, and that were placed all the same. */
export function onFoundOrder(tell: Listener<Order>): () => void {
  foundListeners.add(tell);
  return () => foundListeners.delete(tell);
}

/** Find out who is signed in, and follow the market. Called once. */
export async function startVenue(): Promise<void> {
  followBrowser();
  await restored();
  stores.prices.use();
  followSession();
  stream.start();
}

/** Where the venue cannot say who is signed in, the market is open to anybody. */
async function restored(): Promise<void> {
  try {
    await session.restore();
  } catch {
    session.forget();
  }
}

/**
 * The account is followed while somebody is signed in. The stream is opened anew for another account, and resumed
 * for the same one with the cookie of its renewed session.
 */
function followSession(): void {
  let account: string | null = null;
  let leave: (() => void) | null = null;
  let opened = session.opened.peek();
  effect(() => {
    const state = session.state.value;
    const next = state.kind === "open" || state.kind === "expired" ? state.user.account : null;
    const renewed = session.opened.value !== opened;
    opened = session.opened.value;
    untracked(() => {
      if (next !== account) {
        leave?.();
        stream.restart();
        leave = next === null ? null : stores.account.use();
        pendingOrders.open(next);
      } else if (renewed) stream.reopen();
    });
    account = next;
  });
}

function followBrowser(): void {
  addEventListener("offline", () => stream.networkLost());
  addEventListener("online", () => stream.networkBack());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) stream.woken();
  });
}
