// Every movement of money, newest first, in pages.
import { parseMoney } from "../../model/money.ts";
import { instant } from "../../model/time.ts";
import { usePages } from "../../ui/fetched.ts";
import { Change, Time } from "../../ui/parts/Figures.tsx";
import { Paged } from "../../ui/parts/Paged.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { api, stream } from "../../venue/venue.ts";
import type { WireWalletTransaction } from "../../venue/wire.ts";
import { StockLink } from "../StockLink.tsx";

const KINDS: Readonly<Record<WireWalletTransaction["kind"], string>> = {
  buy: "Bought",
  sell: "Sold",
  deposit: "Deposit",
  withdrawal: "Withdrawal",
};

const COLUMNS: readonly Column<WireWalletTransaction>[] = [
  { name: "time", title: "Time", cell: ({ time }) => <Time at={instant(time)} /> },
  { name: "kind", title: "What", cell: ({ kind }) => KINDS[kind] },
  { name: "stock", title: "Stock", cell: ({ stock }) => stock && <StockLink stock={stock} /> },
  { name: "order", title: "Order", figure: true, hiddenOnPhone: true, cell: ({ order }) => order },
  { name: "amount", title: "Amount", figure: true, cell: ({ amount }) => <Change of={parseMoney(amount)} /> },
];

/** `fresh` changes when money has moved. */
export function Transactions({ fresh }: { readonly fresh: unknown }) {
  const pages = usePages((cursor) => api.transactions(cursor === undefined ? {} : { cursor }), "", fresh);
  return (
    <Paged pages={pages} what="transactions" age_ms={stream.age_ms.value}>
      {(items) => (
        <Table
          caption="Movements of money, newest first"
          columns={COLUMNS}
          rows={items}
          keyOf={({ id }) => id}
          empty={<Empty title="No money has moved yet">Your first deposit appears here.</Empty>}
        />
      )}
    </Paged>
  );
}
