// The open orders of the account, each with the ways to change and to cancel it.
import { useSignal } from "@preact/signals";
import type { Order } from "../../model/account.ts";
import type { OrderId } from "../../model/ids.ts";
import { showQuantity } from "../../model/quantity.ts";
import { orderWords, statusWord } from "../../model/words.ts";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Amount, Shares, SideBadge, Time } from "../../ui/parts/Figures.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { sentenceOf } from "../../venue/problem.ts";
import { api } from "../../venue/venue.ts";
import { pathTo } from "../routes.ts";
import { StockLink } from "../StockLink.tsx";
import { stockName } from "../stocks.ts";
import { Amend } from "./Amend.tsx";

export function OpenOrders({ orders }: { readonly orders: readonly Order[] }) {
  const cancelling = useSignal<ReadonlySet<OrderId>>(new Set());
  const amended = useSignal<OrderId | null>(null);

  async function cancel(order: Order): Promise<void> {
    if (cancelling.value.has(order.order)) return;
    cancelling.value = new Set(cancelling.value).add(order.order);
    const words = orderWords(order, stockName(order.stock));
    try {
      const { alreadyClosed } = await api.cancel(order.order);
      notify(alreadyClosed ? `It had closed before: ${words}.` : `Cancelled: ${words}.`);
    } catch (error) {
      notify(`Not cancelled: ${words}. ${sentenceOf(error)}`, "error");
    } finally {
      const left = new Set(cancelling.value);
      left.delete(order.order);
      cancelling.value = left;
    }
  }

  const columns: readonly Column<Order>[] = [
    ...ABOUT,
    {
      name: "status",
      title: "Status",
      hiddenOnPhone: true,
      cell: ({ status }) => <span class="badge">{statusWord(status)}</span>,
    },
    {
      name: "do",
      title: "",
      cell: (order) => {
        const words = orderWords(order, stockName(order.stock));
        const busy = cancelling.value.has(order.order);
        return (
          <span class="row end acts">
            <Button label={`Amend ${words}`} onPress={() => (amended.value = order.order)}>
              Amend
            </Button>
            <Button label={`Cancel ${words}`} busy={busy} onPress={() => void cancel(order)}>
              {busy ? "Cancelling…" : "Cancel"}
            </Button>
          </span>
        );
      },
    },
  ];
  return (
    <>
      <Table
        caption="Open orders, newest first"
        columns={columns}
        rows={orders}
        keyOf={({ order }) => order}
        cards
        empty={
          <Empty title="No order is open">
            Orders that wait in the book appear here. <a href={pathTo("market")}>Choose a stock</a>
          </Empty>
        }
      />
      <Amend
        order={orders.find(({ order }) => order === amended.value) ?? null}
        gone={amended.value !== null}
        onClose={() => (amended.value = null)}
      />
    </>
  );
}

/** What open and closed orders are told by. */
export const ABOUT: readonly Column<Order>[] = [
  { name: "stock", title: "Stock", cell: ({ stock }) => <StockLink stock={stock} /> },
  { name: "time", title: "Placed", cell: ({ createdAt }) => <Time at={createdAt} /> },
  { name: "side", title: "Side", cell: ({ side }) => <SideBadge side={side} /> },
  { name: "type", title: "Type", cell: ({ type }) => (type === "limit" ? "Limit" : "Market") },
  {
    name: "price",
    title: "Price",
    figure: true,
    cell: ({ price }) => (price === null ? "Market" : <Amount of={price} />),
  },
  { name: "quantity", title: "Quantity", figure: true, cell: ({ quantity }) => <Shares of={quantity} /> },
  { name: "filled", title: "Filled", figure: true, cell: (order) => <Filled order={order} /> },
];

function Filled({ order: { filled, quantity } }: { readonly order: Order }) {
  const per_cent = Math.floor((filled / quantity) * 100);
  return (
    <span class="figure filled">
      {showQuantity(filled)}
      <progress max={100} value={per_cent} aria-hidden="true" />
      <span class="muted">{per_cent}%</span>
    </span>
  );
}
