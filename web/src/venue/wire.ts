// The bodies of `/v1` as they come over the wire: money as decimal strings, times as text. `decode.ts` makes the
// model's own types of them; nothing else should look at these.
import type { AccountId, ClientOrderId, OrderId, StockId, TradeId } from "../model/ids.ts";
import type { OrderStatus, OrderType, SelfTrade, Side, TimeInForce } from "../model/side.ts";

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

export type Role = "trader" | "lister" | "admin";

export interface WireUser {
  readonly account: AccountId;
  readonly user_name: string;
  readonly name: string;
  readonly role: Role;
  readonly created_at: string;
  readonly disabled: boolean;
}

export interface WireWebSession {
  readonly user: WireUser;
  readonly csrf_token: string;
  readonly expires_in_s: number;
}

export interface WireProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string | null;
}

export interface WireStock {
  readonly stock: StockId;
  readonly name: string;
  readonly tick_size: string;
  readonly halted: boolean;
  readonly last_price: string | null;
  readonly best_bid: string | null;
  readonly best_ask: string | null;
  readonly day_open: string | null;
  readonly day_high: string | null;
  readonly day_low: string | null;
  readonly day_volume: number;
  readonly day_change: string | null;
  readonly shares_listed: number;
}

export interface WireLevel {
  readonly price: string;
  readonly quantity: number;
  readonly orders: number;
}

export interface WireBookChange {
  readonly event: number;
  readonly bids: readonly WireLevel[];
  readonly asks: readonly WireLevel[];
  readonly market_buy_quantity: number;
  readonly market_sell_quantity: number;
}

export interface WireBook extends WireBookChange {
  readonly stock: StockId;
}

export interface WireTrade {
  readonly trade: TradeId;
  readonly price: string;
  readonly quantity: number;
  readonly side: Side;
  readonly time: string;
}

export interface WireCandle {
  readonly start: string;
  readonly open: string;
  readonly high: string;
  readonly low: string;
  readonly close: string;
  readonly volume: number;
  readonly trades: number;
}

export interface WireSparkline {
  readonly stock: StockId;
  readonly closes: readonly string[];
  readonly change: string | null;
  readonly volume: number;
}

export interface WireWallet {
  readonly available: string;
  readonly held: string;
  readonly total: string;
}

export interface WireHolding {
  readonly stock: StockId;
  readonly name: string;
  readonly available: number;
  readonly held: number;
  readonly average_cost: string;
  readonly last_price: string | null;
  readonly market_value: string | null;
  readonly realised_profit: string;
  readonly unrealised_profit: string | null;
}

export interface WirePortfolio {
  readonly holdings: readonly WireHolding[];
  readonly market_value: string;
  readonly realised_profit: string;
  readonly unrealised_profit: string;
}

export interface WireOrder {
  readonly order: OrderId;
  readonly client_order_id: ClientOrderId | null;
  readonly stock: StockId;
  readonly side: Side;
  readonly type: OrderType;
  readonly time_in_force: TimeInForce;
  readonly post_only: boolean;
  readonly price: string | null;
  readonly quantity: number;
  readonly filled_quantity: number;
  readonly remaining_quantity: number;
  readonly average_price: string | null;
  readonly status: OrderStatus;
  readonly reason: string | null;
  readonly cut: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface WireExecution {
  readonly trade: TradeId;
  readonly order: OrderId;
  readonly stock: StockId;
  readonly side: Side;
  readonly price: string;
  readonly quantity: number;
  readonly amount: string;
  readonly fee: string;
  readonly maker: boolean;
  readonly time: string;
}

export interface WirePlaceOrder {
  readonly stock: StockId;
  readonly side: Side;
  readonly type: OrderType;
  readonly quantity: number;
  readonly price?: string;
  readonly time_in_force: TimeInForce;
  readonly post_only: boolean;
  readonly self_trade?: SelfTrade;
  readonly client_order_id: ClientOrderId;
}

export interface WireWalletTransaction {
  readonly id: string;
  readonly kind: "buy" | "sell" | "deposit" | "withdrawal";
  readonly amount: string;
  readonly order: OrderId | null;
  readonly stock: StockId | null;
  readonly time: string;
}

export interface WireAccount {
  readonly orders: readonly WireOrder[];
  readonly executions: readonly WireExecution[];
  readonly wallet: WireWallet;
  readonly holdings: readonly WireHolding[];
}

export interface WireAccountChange extends Omit<WireAccount, "wallet"> {
  readonly wallet: WireWallet | null;
}

export interface WirePortfolioHistory {
  readonly points: readonly {
    readonly time: string;
    readonly cash: string;
    readonly market_value: string;
    readonly equity: string;
    readonly profit: string;
  }[];
}

export interface WireCommandAudit {
  readonly sequence: string;
  readonly time: string;
  readonly actor: AccountId;
  readonly account: AccountId;
  readonly kind: string;
  readonly stock: StockId | null;
  readonly order: OrderId | null;
  readonly quantity: number;
  readonly amount: string;
  readonly denied: string | null;
}

export interface WireUserAudit {
  readonly id: string;
  readonly time: string;
  readonly actor: AccountId;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
}

export interface WireState {
  readonly version: string;
  readonly rules: string;
  readonly started_at: string;
  readonly sequence: number;
  readonly events: number;
  readonly batches: number;
  readonly views_at: number;
  readonly views_lag: number;
  readonly queued: number;
  readonly streams: number;
  readonly state: "running" | "failed" | "stopping";
}

export interface WireVerification {
  readonly state: "none" | "running" | "passed" | "failed";
  readonly batches_done: number;
  readonly batches_total: number;
  readonly detail: string;
}

export interface WireEngine {
  readonly host: string;
  readonly kind: "ledger" | "engine" | "views";
  readonly state: "serving" | "leaving";
  readonly partitions: readonly string[];
  readonly batches: number;
  readonly records: number;
  readonly cpu_ms: number;
  readonly lag_ms: number;
  readonly waiting: number;
  readonly at: string;
}

export interface WireEngines {
  /** Null: the venue is one process. */
  readonly books: number | null;
  readonly hosts: readonly WireEngine[];
}
