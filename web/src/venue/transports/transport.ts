// What carries messages: a WebSocket, where that is blocked an event stream, where that is blocked polling.
import type { Subscription, VenueMessage } from "../messages.ts";

export interface TransportEvents {
  /** It can be used; subscriptions are wanted now. */
  opened(): void;
  message(message: VenueMessage): void;
  /** It has ended by itself, and says nothing more. */
  closed(): void;
}

export interface Transport {
  /** `after`: the number of the last message taken, to resume from; null: a snapshot is wanted. */
  subscribe(subscription: Subscription, after: number | null): void;
  unsubscribe(subscription: Subscription): void;
  /** End it; `closed` is not called. */
  close(): void;
}

export type OpenTransport = (events: TransportEvents) => Transport;
