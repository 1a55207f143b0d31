// Orders on their way: each has an id of ours, kept before it is sent, so that none is ever placed twice and none
// is lost when an answer is.
//
//   sending ──answered──> (placed or refused: forgotten here)
//   sending ──no answer──> asking ──found──> (placed)
//                          asking ──the venue has no such order──> missing ──send again──> sending
//                                                                  missing ──let go──> (forgotten)
//   After a reload, what was sending is asking.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Order } from "../model/account.ts";
import { type ClientOrderId, newClientOrderId, type StockId } from "../model/ids.ts";
import { moneyText } from "../model/money.ts";
import type { Intent } from "../model/preview.ts";
import { type Instant, now } from "../model/time.ts";
import type { Api } from "./api.ts";
import { type Backoff, pause, wait_ms } from "./backoff.ts";
import { mayHaveHappened } from "./problem.ts";
import type { WirePlaceOrder } from "./wire.ts";

export type PendingState = "sending" | "asking" | "missing";

export interface PendingOrder {
  readonly request: WirePlaceOrder;
  readonly madeAt: Instant;
  readonly state: PendingState;
}

/** Where orders on their way outlive a reload: `sessionStorage`, or anything like it. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const SHELF = "pricetime.pending.";
/** An order that the venue does not know after so many questions has not arrived. */
const QUESTIONS = 4;
const BACKOFF: Backoff = { first_ms: 1_000, most_ms: 5_000 };

export class PendingOrders {
  readonly #api: Pick<Api, "place" | "orderOfClient">;
  readonly #shelf: Shelf;
  readonly #found: (order: Order) => void;
  readonly #backoff: Backoff;
  readonly #all = signal<readonly PendingOrder[]>([]);
  readonly #sending = new Map<string, Promise<Order>>();
  #account = "";

  /** `found` hears of orders whose answer was lost, and that turned out to be placed. */
  constructor(
    api: Pick<Api, "place" | "orderOfClient">,
    shelf: Shelf,
    found: (order: Order) => void,
    backoff: Backoff = BACKOFF,
  ) {
    this.#api = api;
    this.#shelf = shelf;
    this.#found = found;
    this.#backoff = backoff;
  }

  get all(): ReadonlySignal<readonly PendingOrder[]> {
    return this.#all;
  }

  /** Take up what the account had on its way before the page was loaded; null: nobody is signed in. */
  open(account: string | null): void {
    if (this.#account === (account ?? "")) return;
    this.#account = account ?? "";
    this.#all.value = account === null ? [] : this.#kept();
    for (const { request } of this.#all.value) void this.#reconcile(request.client_order_id);
  }

  /**
   * Place an order. The same order again, while the first is on its way, is the first. Throws what the venue refused;
   * where no answer came it throws too, and the order is `asking`.
   */
  place(stock: StockId, intent: Intent): Promise<Order> {
    const order = wireOf(stock, intent);
    const content = JSON.stringify(order);
    const underWay = this.#sending.get(content);
    if (underWay !== undefined) return underWay;
    const placing = this.#send({ ...order, client_order_id: newClientOrderId() }).finally(() =>
      this.#sending.delete(content),
    );
    this.#sending.set(content, placing);
    return placing;
  }

  /** Send a missing order again, under the same id: if it did arrive after all, it is not placed twice. */
  sendAgain(id: ClientOrderId): Promise<Order> | null {
    const missing = this.#all.peek().find((each) => each.request.client_order_id === id);
    return missing?.state === "missing" ? this.#send(missing.request) : null;
  }

  letGo(id: ClientOrderId): void {
    this.#set(this.#all.peek().filter((each) => each.request.client_order_id !== id));
  }

  async #send(request: WirePlaceOrder): Promise<Order> {
    const id = request.client_order_id;
    this.#put({ request, madeAt: now(), state: "sending" });
    try {
      const order = await this.#api.place(request);
      this.letGo(id);
      return order;
    } catch (error) {
      if (mayHaveHappened(error)) void this.#reconcile(id);
      else this.letGo(id);
      throw error;
    }
  }

  async #reconcile(id: ClientOrderId): Promise<void> {
    const account = this.#account;
    this.#become(id, "asking");
    for (let question = 1; question <= QUESTIONS; ) {
      await pause(wait_ms(this.#backoff, question));
      if (account !== this.#account) return;
      try {
        const order = await this.#api.orderOfClient(id);
        if (order !== null) {
          this.letGo(id);
          this.#found(order);
          return;
        }
        question += 1;
      } catch {
        // Without an answer nothing is known: ask on.
      }
    }
    this.#become(id, "missing");
  }

  #become(id: ClientOrderId, state: PendingState): void {
    const all = this.#all.peek();
    this.#set(all.map((each) => (each.request.client_order_id === id ? { ...each, state } : each)));
  }

  #put(pending: PendingOrder): void {
    const id = pending.request.client_order_id;
    this.#set([...this.#all.peek().filter((each) => each.request.client_order_id !== id), pending]);
  }

  #set(all: readonly PendingOrder[]): void {
    this.#all.value = all;
    if (all.length === 0) this.#shelf.removeItem(SHELF + this.#account);
    else this.#shelf.setItem(SHELF + this.#account, JSON.stringify(all));
  }

  #kept(): readonly PendingOrder[] {
    try {
      const text = this.#shelf.getItem(SHELF + this.#account);
      return text === null ? [] : (JSON.parse(text) as readonly PendingOrder[]);
    } catch {
      return [];
    }
  }
}

function wireOf(stock: StockId, intent: Intent): Omit<WirePlaceOrder, "client_order_id"> {
  return {
    stock,
    side: intent.side,
    type: intent.type,
    quantity: intent.quantity,
    ...(intent.price !== null && { price: moneyText(intent.price) }),
    time_in_force: intent.timeInForce,
    post_only: intent.postOnly,
  };
}
