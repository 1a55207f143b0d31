// The messages of the stream, and the channels that they belong to.
import type { StockId } from "../model/ids.ts";
import type { Numbered } from "../model/numbering.ts";
import type { Interval } from "../model/side.ts";
import type { WireProblem } from "./wire.ts";

/** What can be subscribed to. */
export type Subscription =
  | { readonly channel: "prices" }
  | { readonly channel: "depth"; readonly stock: StockId; readonly levels: number }
  | { readonly channel: "trades"; readonly stock: StockId }
  | { readonly channel: "candles"; readonly stock: StockId; readonly interval: Interval }
  | { readonly channel: "account" };

export interface DataMessage extends Numbered {
  readonly channel: Subscription["channel"];
  readonly stock?: StockId;
  readonly interval?: Interval;
  readonly data: unknown;
}

export interface ProblemMessage {
  readonly type: "problem";
  readonly channel?: Subscription["channel"];
  readonly stock?: StockId;
  readonly interval?: Interval;
  readonly problem: WireProblem;
}

export type VenueMessage =
  | DataMessage
  | ProblemMessage
  | { readonly type: "heartbeat"; readonly number: number; readonly time: string; readonly views_lag: number }
  | { readonly type: "server_shutdown"; readonly detail: string };

const TYPES = new Set(["snapshot", "update", "heartbeat", "problem", "server_shutdown"]);

/** The message in a text; null for what a newer venue may say that this page does not know. */
export function messageIn(text: string): VenueMessage | null {
  const body: unknown = JSON.parse(text);
  if (typeof body !== "object" || body === null || !("type" in body)) return null;
  return TYPES.has(String(body.type)) ? (body as VenueMessage) : null;
}

/** One name for a subscription and for the messages that belong to it. */
export function keyOf(of: {
  readonly channel?: Subscription["channel"];
  readonly stock?: StockId;
  readonly interval?: Interval;
}): string {
  return [of.channel, of.stock, of.interval].filter((part) => part !== undefined).join("/");
}

/** As the SSE twin names channels: `candles:1:1m`. */
export function nameInAddress(subscription: Subscription): string {
  return keyOf(subscription).replaceAll("/", ":");
}
