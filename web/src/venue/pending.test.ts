// Orders on their way, against a venue in memory that can lose its answers.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Order } from "../model/account.ts";
import type { ClientOrderId } from "../model/ids.ts";
import { parseMoney } from "../model/money.ts";
import type { Intent } from "../model/preview.ts";
import { shares } from "../model/quantity.ts";
import { orderOf, STOCK } from "../model/testing.ts";
import { PendingOrders, type Shelf } from "./pending.ts";
import { NoAnswer, Refused } from "./problem.ts";
import type { WirePlaceOrder } from "./wire.ts";

const INTENT: Intent = {
  side: "buy",
  type: "limit",
  quantity: shares(5),
  price: parseMoney("15.00"),
  timeInForce: "gtc",
  postOnly: false,
};

/** Places each client order id once, as the rules say. */
class MemoryVenue {
  readonly placed = new Map<ClientOrderId, Order>();
  readonly asked: WirePlaceOrder[] = [];
  answers: "all" | "none, but it arrives" | "none" | "a refusal" = "all";

  async place(request: WirePlaceOrder): Promise<Order> {
    this.asked.push(request);
    const id = request.client_order_id;
    if (this.answers === "a refusal") throw refusal();
    if (this.answers === "none") throw new NoAnswer();
    const order =
      this.placed.get(id) ?? orderOf({ side: "buy", quantity: 5, price: "15.00", clientOrderId: id });
    this.placed.set(id, order);
    if (this.answers === "none, but it arrives") throw new NoAnswer();
    return order;
  }

  async orderOfClient(id: ClientOrderId): Promise<Order | null> {
    return this.placed.get(id) ?? null;
  }
}

class MemoryShelf implements Shelf {
  readonly items = new Map<string, string>();
  getItem = (key: string) => this.items.get(key) ?? null;
  setItem = (key: string, value: string) => void this.items.set(key, value);
  removeItem = (key: string) => void this.items.delete(key);
}

function refusal(): Refused {
  return new Refused({
    type: "about:blank",
    title: "Not enough money",
    status: 422,
    detail: "Deposit more.",
    code: "insufficient_funds",
    request_id: null,
  });
}

let venue: MemoryVenue;
let shelf: MemoryShelf;
let found: Order[];
let pending: PendingOrders;

function opened(): PendingOrders {
  const orders = new PendingOrders(venue, shelf, (order) => found.push(order));
  orders.open("7");
  return orders;
}

beforeEach(() => {
  vi.useFakeTimers();
  venue = new MemoryVenue();
  shelf = new MemoryShelf();
  found = [];
  pending = opened();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("an order on its way", () => {
  test("is kept with its id before it is sent, and forgotten when it is answered", async () => {
    const placing = pending.place(STOCK, INTENT);
    const [kept] = pending.all.value;
    expect(kept?.state).toBe("sending");
    expect([...shelf.items.values()][0]).toContain(kept?.request.client_order_id);
    await placing;
    expect(pending.all.value).toEqual([]);
    expect(shelf.items.size).toBe(0);
  });

  test("is one order however often it is pressed", async () => {
    const [one, other] = await Promise.all([pending.place(STOCK, INTENT), pending.place(STOCK, INTENT)]);
    expect(one).toBe(other);
    expect(venue.asked).toHaveLength(1);
  });

  test("may be placed again once it was answered, under another id", async () => {
    await pending.place(STOCK, INTENT);
    await pending.place(STOCK, INTENT);
    expect(venue.placed.size).toBe(2);
  });

  test("is forgotten where the venue refuses it, in the venue's words", async () => {
    venue.answers = "a refusal";
    await expect(pending.place(STOCK, INTENT)).rejects.toThrow("Deposit more.");
    expect(pending.all.value).toEqual([]);
  });

  test("is found where only its answer was lost", async () => {
    venue.answers = "none, but it arrives";
    await expect(pending.place(STOCK, INTENT)).rejects.toThrow(NoAnswer);
    expect(pending.all.value[0]?.state).toBe("asking");
    await vi.advanceTimersByTimeAsync(2_000);
    expect(found).toHaveLength(1);
    expect(pending.all.value).toEqual([]);
  });

  test("is missing where it never arrived, and is sent again under its id", async () => {
    venue.answers = "none";
    await expect(pending.place(STOCK, INTENT)).rejects.toThrow(NoAnswer);
    await vi.advanceTimersByTimeAsync(60_000);
    const [missing] = pending.all.value;
    expect(missing?.state).toBe("missing");
    venue.answers = "all";
    await pending.sendAgain(missing?.request.client_order_id ?? ("" as ClientOrderId));
    expect(venue.asked.map((each) => each.client_order_id)).toEqual([
      ...venue.placed.keys(),
      ...venue.placed.keys(),
    ]);
    expect(pending.all.value).toEqual([]);
  });

  test("is asked for after a reload", async () => {
    venue.answers = "none, but it arrives";
    await expect(pending.place(STOCK, INTENT)).rejects.toThrow(NoAnswer);
    pending.open(null);
    expect(pending.all.value).toEqual([]);
    const reloaded = opened();
    expect(reloaded.all.value).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(found).toHaveLength(1);
    expect(shelf.items.size).toBe(0);
  });
});
