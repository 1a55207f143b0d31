// All orders of the account in pages, each unfolding to its executions.
import { useSignal } from "@preact/signals";
import type { Order } from "../../model/account.ts";
import type { OrderId, StockId } from "../../model/ids.ts";
import { isOpen } from "../../model/side.ts";
import { orderWords, outcomeOf, statusWord } from "../../model/words.ts";
import { usePages } from "../../ui/fetched.ts";
import { Check, Select } from "../../ui/parts/Field.tsx";
import { Amount } from "../../ui/parts/Figures.tsx";
import { Paged } from "../../ui/parts/Paged.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { Unfold } from "../../ui/parts/Unfold.tsx";
import { usePrices } from "../../venue/hooks.ts";
import { api, stream } from "../../venue/venue.ts";
import { stockName } from "../stocks.ts";
import { Executions } from "./Executions.tsx";
import { ABOUT } from "./OpenOrders.tsx";

/** `fresh` changes when orders have. */
export function History({ fresh }: { readonly fresh: unknown }) {
  const stock = useSignal<StockId | "">("");
  const openOnly = useSignal(false);
  const unfolded = useSignal<OrderId | null>(null);
  const filter = `${stock.value}/${openOnly.value}`;
  const pages = usePages(
    (cursor) =>
      api.orders({
        status: openOnly.value ? "open" : "all",
        ...(stock.value !== "" && { stock: stock.value }),
        ...(cursor !== undefined && { cursor }),
      }),
    filter,
    fresh,
  );
  const isFiltered = stock.value !== "" || openOnly.value;
  return (
    <>
      <div class="filters">
        <StockFilter value={stock.value} onChange={(next) => (stock.value = next)} />
        <Check label="Open only" checked={openOnly.value} onChange={(next) => (openOnly.value = next)} />
      </div>
      <Paged pages={pages} what="orders" age_ms={stream.age_ms.value}>
        {(items) => (
          <Table
            caption="Orders, newest first"
            columns={columnsWith(unfolded.value, (order) => (unfolded.value = order))}
            rows={items}
            keyOf={({ order }) => order}
            cards
            below={(order) => (order.order === unfolded.value ? <Executions order={order} /> : null)}
            empty={
              isFiltered ? (
                <Empty title="No order fits">Choose another stock, or look at all orders.</Empty>
              ) : (
                <Empty title="You have placed no order yet">
                  Each order is kept here, with how it ended.
                </Empty>
              )
            }
          />
        )}
      </Paged>
    </>
  );
}

function columnsWith(
  unfolded: OrderId | null,
  unfold: (order: OrderId | null) => void,
): readonly Column<Order>[] {
  const [stock, ...others] = ABOUT;
  if (stock === undefined) return ABOUT;
  return [
    {
      ...stock,
      cell: (order) => (
        <span class="row">
          <Unfold
            of={`executions of ${orderWords(order, stockName(order.stock))}`}
            open={order.order === unfolded}
            onToggle={(open) => unfold(open ? order.order : null)}
          />
          {stock.cell(order)}
        </span>
      ),
    },
    ...others,
    {
      name: "average",
      title: "Average",
      figure: true,
      cell: ({ averagePrice }) => <Amount of={averagePrice} />,
    },
    { name: "status", title: "Status", cell: (order) => <Status order={order} /> },
  ];
}

function Status({ order }: { readonly order: Order }) {
  const outcome = outcomeOf(order);
  return (
    <span class="badge" data-tone={isOpen(order.status) ? "info" : undefined} title={outcome || undefined}>
      {statusWord(order.status)}
    </span>
  );
}

interface StockFilterProps {
  readonly value: StockId | "";
  readonly onChange: (stock: StockId | "") => void;
}

function StockFilter({ value, onChange }: StockFilterProps) {
  const prices = usePrices();
  const stocks = prices.kind === "here" ? [...prices.value.values()] : [];
  stocks.sort((one, other) => one.name.localeCompare(other.name));
  return (
    <Select
      label="Stock"
      value={value}
      options={[
        { value: "" as StockId | "", label: "All stocks" },
        ...stocks.map(({ stock, name }) => ({ value: stock, label: name })),
      ]}
      onChange={onChange}
    />
  );
}
