// The open orders of the account, each with the ways to change and to cancel it.
import { useSignal } from "@preact/signals";
import type { Order } from "../../model/account.ts";
import type { OrderId } from "../../model/ids.ts";
import { showCount, showQuantity } from "../../model/quantity.ts";
import { orderWords, statusWord } from "../../model/words.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Amount, Shares, SideBadge, Time } from "../../ui/parts/Figures.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { pathTo } from "../routes.ts";
import { StockLink } from "../StockLink.tsx";
import { stockName } from "../stocks.ts";
import { Amend } from "./Amend.tsx";
import { useCancel } from "./cancelling.ts";

/** As many more at each press: thousands of rows, drawn again with every change of one, would stop the page. */
const ROWS = 100;

export function OpenOrders({ orders }: { readonly orders: readonly Order[] }) {
  const amended = useSignal<OrderId | null>(null);
  const most = useSignal(ROWS);
  const more = orders.length - most.value;
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
      cell: (order) => <Acts order={order} onAmend={() => (amended.value = order.order)} />,
    },
  ];
  return (
    <>
      <Table
        caption="Open orders, newest first"
        columns={columns}
        rows={orders.slice(0, most.value)}
        keyOf={({ order }) => order}
        cards
        empty={
          <Empty title="No order is open">
            Orders that wait in the book appear here. <a href={pathTo("market")}>Choose a stock</a>
          </Empty>
        }
      />
      {more > 0 && (
        <div class="pager">
          {showCount(more)} older ones are open too
          <Button onPress={() => (most.value += ROWS)}>Show {Math.min(more, ROWS)} more</Button>
        </div>
      )}
      <Amend
        order={orders.find(({ order }) => order === amended.value) ?? null}
        gone={amended.value !== null}
        onClose={() => (amended.value = null)}
      />
    </>
  );
}

function Acts({ order, onAmend }: { readonly order: Order; readonly onAmend: () => void }) {
  const words = orderWords(order, stockName(order.stock));
  const { cancel, busy } = useCancel(order, words);
  return (
    <span class="row end acts">
      <Button label={`Amend ${words}`} onPress={onAmend}>
        Amend
      </Button>
      <Button label={`Cancel ${words}`} busy={busy} onPress={cancel}>
        {busy ? "Cancelling…" : "Cancel"}
      </Button>
    </span>
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
