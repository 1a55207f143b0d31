// Ids are opaque strings; their types keep an order's id from being asked for as a stock.

declare const of: unique symbol;
type Id<Noun extends string> = string & { readonly [of]: Noun };

export type StockId = Id<"stock">;
export type OrderId = Id<"order">;
export type TradeId = Id<"trade">;
export type AccountId = Id<"account">;
export type ClientOrderId = Id<"client order">;

/** A new client order id. It is made before the order is sent, so that sending again cannot order twice. */
export function newClientOrderId(): ClientOrderId {
  // `randomUUID` is missing where the page is served without TLS from another machine.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5") as ClientOrderId;
}
