// The list of stocks.
import { dayBasisPoints, type Stock } from "../../model/stock.ts";
import { Amount, PerCent, Shares } from "../../ui/parts/Figures.tsx";
import { PageHead, Panel } from "../../ui/parts/Panel.tsx";
import { Aged, Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { go } from "../../ui/router/router.ts";
import { usePrices } from "../../venue/hooks.ts";
import { stream } from "../../venue/venue.ts";
import { pathTo } from "../routes.ts";

const COLUMNS: readonly Column<Stock>[] = [
  {
    name: "name",
    title: "Stock",
    sortBy: ({ name }) => name,
    cell: ({ stock, name }) => <a href={pathTo("stock", { stock })}>{name}</a>,
  },
  {
    name: "last",
    title: "Last",
    figure: true,
    sortBy: ({ lastPrice }) => lastPrice,
    cell: ({ lastPrice }) => <Amount of={lastPrice} />,
  },
  {
    name: "change",
    title: "Today",
    figure: true,
    sortBy: dayBasisPoints,
    cell: (stock) => <PerCent basisPoints={dayBasisPoints(stock)} />,
  },
  {
    name: "bid",
    title: "Bid",
    figure: true,
    hiddenOnPhone: true,
    cell: ({ bestBid }) => <Amount of={bestBid} />,
  },
  {
    name: "ask",
    title: "Ask",
    figure: true,
    hiddenOnPhone: true,
    cell: ({ bestAsk }) => <Amount of={bestAsk} />,
  },
  {
    name: "volume",
    title: "Volume",
    figure: true,
    sortBy: ({ dayVolume }) => dayVolume,
    cell: ({ dayVolume }) => <Shares of={dayVolume} />,
  },
];

export function Market() {
  return (
    <>
      <PageHead title="Market" />
      <Panel title="Stocks">
        <Stocks />
      </Panel>
    </>
  );
}

function Stocks() {
  const prices = usePrices();
  if (prices.kind === "loading") return <Loading what="prices" />;
  if (prices.kind === "failed") return <Failed error={prices.error} />;
  return (
    <Aged age_ms={stream.age_ms.value}>
      <Table
        caption="Stocks with their prices of today"
        columns={COLUMNS}
        rows={[...prices.value.values()]}
        keyOf={({ stock }) => stock}
        initialOrder={{ name: "name", descending: false }}
        onOpen={({ stock }) => go(pathTo("stock", { stock }))}
        empty={<Empty title="No stock is listed yet" />}
      />
    </Aged>
  );
}
