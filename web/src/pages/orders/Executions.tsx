// One order in full: how it was placed, how it ended, and its executions.
import type { Execution, Order } from "../../model/account.ts";
import { outcomeOf, timeInForceWords } from "../../model/words.ts";
import { useFetched } from "../../ui/fetched.ts";
import { Amount, Shares, Time } from "../../ui/parts/Figures.tsx";
import { Answer } from "../../ui/parts/Paged.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { api } from "../../venue/venue.ts";

const COLUMNS: readonly Column<Execution>[] = [
  { name: "time", title: "Time", cell: ({ time }) => <Time at={time} /> },
  { name: "price", title: "Price", figure: true, cell: ({ price }) => <Amount of={price} /> },
  { name: "quantity", title: "Quantity", figure: true, cell: ({ quantity }) => <Shares of={quantity} /> },
  { name: "amount", title: "Amount", figure: true, cell: ({ amount }) => <Amount of={amount} /> },
  { name: "role", title: "Role", cell: ({ maker }) => (maker ? "Maker" : "Taker") },
  { name: "trade", title: "Trade", figure: true, hiddenOnPhone: true, cell: ({ trade }) => trade },
];

export function Executions({ order }: { readonly order: Order }) {
  const fetched = useFetched(() => api.order(order.order), order.order, order.filled);
  const outcome = outcomeOf(order);
  return (
    <div class="executions">
      <p>
        <span class="muted">Order {order.order}. </span>
        {timeInForceWords(order.timeInForce)}
        {order.postOnly && ", only as a maker"}. {outcome}
      </p>
      <Answer fetched={fetched} what="executions" age_ms={null}>
        {({ executions }) => (
          <Table
            caption={`Executions of order ${order.order}`}
            columns={COLUMNS}
            rows={executions}
            keyOf={({ trade }) => trade}
            empty={<p class="muted">Nothing has traded.</p>}
          />
        )}
      </Answer>
    </div>
  );
}
