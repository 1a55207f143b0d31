// The words of an order, as the venue and the market's rules use them.

export type Side = "buy" | "sell";
export type OrderType = "limit" | "market";
export type TimeInForce = "gtc" | "ioc" | "fok";
export type SelfTrade = "skip" | "cancel_newest" | "cancel_oldest" | "cancel_both";
export type OrderStatus = "open" | "partially_filled" | "filled" | "cancelled" | "expired";
export type Interval = "1s" | "5s" | "15s" | "1m" | "5m" | "15m" | "1h" | "4h" | "1d";

export const INTERVALS: readonly Interval[] = ["1s", "5s", "15s", "1m", "5m", "15m", "1h", "4h", "1d"];

export function isOpen(status: OrderStatus): boolean {
  return status === "open" || status === "partially_filled";
}
