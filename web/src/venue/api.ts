// The endpoints of `/v1` that the page uses, by name. Writes that move money or shares carry an id of their own.
import type { Execution, Holding, Order, Wallet } from "../model/account.ts";
import type { ClientOrderId, OrderId, StockId } from "../model/ids.ts";
import { newClientOrderId } from "../model/ids.ts";
import { type Money, moneyText } from "../model/money.ts";
import type { Quantity } from "../model/quantity.ts";
import type { Interval } from "../model/side.ts";
import type { Sparkline, Stock } from "../model/stock.ts";
import { type Instant, wireTime } from "../model/time.ts";
import type { Client, Query } from "./client.ts";
import * as decode from "./decode.ts";
import type * as wire from "./wire.ts";

/** A page of a list; `next` asks for the one after it, null: this was the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** What is audited with start <= time < end, and fits all that is given. */
interface TimedQuery {
  readonly start?: string;
  readonly end?: string;
  readonly cursor?: string;
}

export interface AuditQuery extends TimedQuery {
  readonly account?: string;
  readonly kind?: string;
  readonly denied?: boolean;
}

export interface UserAuditQuery extends TimedQuery {
  readonly actor?: string;
  readonly action?: string;
}

const LIST_LIMIT = 100;
const STOCKS_LIMIT = 1_000;
const TRADES_SHOWN = 50;
const CANDLES_SHOWN = 300;
const SPARKLINE_POINTS = 60;
const EXECUTIONS_SHOWN = 50;

export class Api {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  // ------------------------------------------------------------------------------------ orders

  async place(order: wire.WirePlaceOrder): Promise<Order> {
    return decode.order(await this.#client.post<wire.WireOrder>("/v1/orders", order));
  }

  /** The order that was placed with an id of ours, or null where the venue has none. */
  async orderOfClient(client_order_id: ClientOrderId): Promise<Order | null> {
    const { items } = await this.#client.get<wire.Page<wire.WireOrder>>("/v1/orders", { client_order_id });
    return items[0] === undefined ? null : decode.order(items[0]);
  }

  async order(order: OrderId): Promise<Order & { readonly executions: readonly Execution[] }> {
    type Answer = wire.WireOrder & { readonly executions: readonly wire.WireExecution[] };
    const answer = await this.#client.get<Answer>(`/v1/orders/${order}`);
    return { ...decode.order(answer), executions: answer.executions.map(decode.execution) };
  }

  async orders(query: {
    readonly status?: "open" | "all";
    readonly stock?: StockId;
    readonly cursor?: string;
  }) {
    return this.#page<wire.WireOrder, Order>("/v1/orders", query, decode.order);
  }

  async executions(query: { readonly stock?: StockId; readonly cursor?: string }) {
    return this.#page<wire.WireExecution, Execution>("/v1/executions", query, decode.execution);
  }

  async cancel(order: OrderId): Promise<{ readonly order: Order; readonly alreadyClosed: boolean }> {
    type Answer = { readonly order: wire.WireOrder; readonly already_closed: boolean };
    const answer = await this.#client.delete<Answer>(`/v1/orders/${order}`);
    return { order: decode.order(answer.order), alreadyClosed: answer.already_closed };
  }

  /** How many were cancelled. */
  async cancelAll(stock?: StockId): Promise<number> {
    return (await this.#client.delete<{ readonly cancelled: number }>("/v1/orders", { stock })).cancelled;
  }

  async amend(order: OrderId, to: { readonly quantity?: Quantity; readonly price?: Money }): Promise<Order> {
    const body = {
      ...(to.quantity !== undefined && { quantity: to.quantity }),
      ...(to.price !== undefined && { price: moneyText(to.price) }),
      client_order_id: newClientOrderId(),
    };
    return decode.order(await this.#client.patch<wire.WireOrder>(`/v1/orders/${order}`, body));
  }

  // --------------------------------------------------------------------------- wallet, portfolio

  /** `key`: made before the first try and kept until an answer, so that trying again cannot deposit twice. */
  async deposit(amount: Money, key: ClientOrderId): Promise<Wallet> {
    return this.#move("deposits", amount, key);
  }

  async withdraw(amount: Money, key: ClientOrderId): Promise<Wallet> {
    return this.#move("withdrawals", amount, key);
  }

  async #move(what: "deposits" | "withdrawals", amount: Money, key: ClientOrderId): Promise<Wallet> {
    const headers = { "Idempotency-Key": key };
    const body = { amount: moneyText(amount) };
    return decode.wallet(await this.#client.post<wire.WireWallet>(`/v1/wallet/${what}`, body, headers));
  }

  transactions(query: { readonly cursor?: string }): Promise<Page<wire.WireWalletTransaction>> {
    return this.#page("/v1/wallet/transactions", query, (each: wire.WireWalletTransaction) => each);
  }

  /** All movements with start <= time < end, as CSV. */
  statement(start: Instant | null, end: Instant | null): Promise<string> {
    return this.#client.text("/v1/statements", {
      start: start === null ? undefined : wireTime(start),
      end: end === null ? undefined : wireTime(end),
    });
  }

  portfolio(): Promise<wire.WirePortfolio> {
    return this.#client.get("/v1/portfolio");
  }

  portfolioHistory(interval: Interval, limit = 200): Promise<wire.WirePortfolioHistory> {
    return this.#client.get("/v1/portfolio/history", { interval, limit });
  }

  // -------------------------------------------------------------------------------------- market

  wireStocks(): Promise<readonly wire.WireStock[]> {
    return this.#every("/v1/stocks", { limit: STOCKS_LIMIT });
  }

  /** Of all stocks that have traded: their prices at the ends of the last sixty minutes. */
  async sparklines(): Promise<readonly Sparkline[]> {
    const query = { interval: "1m", points: SPARKLINE_POINTS, limit: STOCKS_LIMIT };
    return (await this.#every<wire.WireSparkline>("/v1/sparklines", query)).map(decode.sparkline);
  }

  wireBook(stock: StockId, levels: number): Promise<wire.WireBook> {
    return this.#client.get(`/v1/stocks/${stock}/book`, { levels });
  }

  async wireTrades(stock: StockId): Promise<readonly wire.WireTrade[]> {
    const query = { limit: TRADES_SHOWN };
    return (await this.#client.get<wire.Page<wire.WireTrade>>(`/v1/stocks/${stock}/trades`, query)).items;
  }

  async wireCandles(stock: StockId, interval: Interval): Promise<readonly wire.WireCandle[]> {
    const query = { interval, limit: CANDLES_SHOWN };
    return (await this.#client.get<wire.Page<wire.WireCandle>>(`/v1/stocks/${stock}/candles`, query)).items;
  }

  async wireAccount(): Promise<wire.WireAccount> {
    const [orders, executions, wallet, portfolio] = await Promise.all([
      this.#allOpen(),
      this.#client.get<wire.Page<wire.WireExecution>>("/v1/executions", { limit: EXECUTIONS_SHOWN }),
      this.#client.get<wire.WireWallet>("/v1/wallet"),
      this.portfolio(),
    ]);
    return { orders, executions: executions.items, wallet, holdings: portfolio.holdings };
  }

  #allOpen(): Promise<readonly wire.WireOrder[]> {
    return this.#every("/v1/orders", { status: "open", limit: STOCKS_LIMIT });
  }

  // ------------------------------------------------------------------------------------ operator

  async listStock(name: string, tickSize: Money | null): Promise<Stock> {
    const body = { name, ...(tickSize !== null && { tick_size: moneyText(tickSize) }) };
    return decode.stock(await this.#client.post<wire.WireStock>("/v1/stocks", body));
  }

  /** New shares into an account. `key` as for deposits. */
  async grant(
    stock: StockId,
    to: { readonly account: string; readonly quantity: Quantity },
    key: ClientOrderId,
  ): Promise<Holding> {
    const headers = { "Idempotency-Key": key };
    return decode.holding(
      await this.#client.post<wire.WireHolding>(`/v1/stocks/${stock}/grants`, to, headers),
    );
  }

  halt(stock: StockId): Promise<unknown> {
    return this.#client.post(`/v1/admin/stocks/${stock}/halt`);
  }

  resume(stock: StockId): Promise<unknown> {
    return this.#client.post(`/v1/admin/stocks/${stock}/resume`);
  }

  /** `search`: how the user name begins. */
  users(query: { readonly search?: string; readonly cursor?: string }): Promise<Page<wire.WireUser>> {
    return this.#page("/v1/admin/users", query, (each: wire.WireUser) => each);
  }

  setUser(
    account: wire.WireUser["account"],
    to: { readonly role?: wire.Role; readonly disabled?: boolean },
  ): Promise<wire.WireUser> {
    return this.#client.patch(`/v1/admin/users/${account}`, to);
  }

  audit(query: AuditQuery): Promise<Page<wire.WireCommandAudit>> {
    return this.#page("/v1/admin/audit", { ...query }, (each: wire.WireCommandAudit) => each);
  }

  userAudit(query: UserAuditQuery): Promise<Page<wire.WireUserAudit>> {
    return this.#page("/v1/admin/audit/users", { ...query }, (each: wire.WireUserAudit) => each);
  }

  venueState(): Promise<wire.WireState> {
    return this.#client.get("/v1/admin/state");
  }

  verify(): Promise<wire.WireVerification> {
    return this.#client.post("/v1/admin/journal/verification");
  }

  verification(): Promise<wire.WireVerification> {
    return this.#client.get("/v1/admin/journal/verification");
  }

  engines(): Promise<wire.WireEngines> {
    return this.#client.get("/v1/admin/engines");
  }

  drain(host: string, isDrained: boolean): Promise<unknown> {
    const verb = isDrained ? "drain" : "undrain";
    return this.#client.post(`/v1/admin/engines/${encodeURIComponent(host)}/${verb}`);
  }

  /** All pages of a list. */
  async #every<From>(path: string, query: Query): Promise<readonly From[]> {
    const items: From[] = [];
    let cursor: string | undefined;
    do {
      const page: wire.Page<From> = await this.#client.get(path, { ...query, cursor });
      items.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return items;
  }

  async #page<From, To>(path: string, query: Query, show: (from: From) => To): Promise<Page<To>> {
    const page = await this.#client.get<wire.Page<From>>(path, { limit: LIST_LIMIT, ...query });
    return { items: page.items.map(show), next: page.next_cursor };
  }
}
