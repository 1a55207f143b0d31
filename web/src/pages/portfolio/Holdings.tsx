// Holdings as a table; on phones each is a card.
import { basisPoints } from "../../model/money.ts";
import type { Position } from "../../model/portfolio.ts";
import { Amount, Change, Shares } from "../../ui/parts/Figures.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { go } from "../../ui/router/router.ts";
import { pathTo } from "../routes.ts";
import { StockLink } from "../StockLink.tsx";

const NAME: Column<Position> = {
  name: "name",
  title: "Stock",
  sortBy: ({ name }) => name,
  cell: ({ stock }) => <StockLink stock={stock} />,
};
const REALISED: Column<Position> = {
  name: "realised",
  title: "Realised",
  figure: true,
  sortBy: ({ realised }) => realised,
  cell: ({ realised }) => <Change of={realised} />,
};
const COLUMNS: readonly Column<Position>[] = [
  NAME,
  {
    name: "available",
    title: "Available",
    figure: true,
    sortBy: ({ available }) => available,
    cell: ({ available }) => <Shares of={available} />,
  },
  {
    name: "held",
    title: "Held",
    figure: true,
    sortBy: ({ held }) => held,
    cell: ({ held }) => <Shares of={held} />,
  },
  {
    name: "cost",
    title: "Average cost",
    figure: true,
    sortBy: ({ averageCost }) => averageCost,
    cell: ({ averageCost }) => <Amount of={averageCost} />,
  },
  {
    name: "last",
    title: "Last",
    figure: true,
    sortBy: ({ lastPrice }) => lastPrice,
    cell: ({ lastPrice }) => <Amount of={lastPrice} />,
  },
  {
    name: "value",
    title: "Market value",
    figure: true,
    sortBy: ({ marketValue }) => marketValue,
    cell: ({ marketValue }) => <Amount of={marketValue} />,
  },
  {
    name: "unrealised",
    title: "Unrealised",
    figure: true,
    sortBy: ({ unrealised }) => unrealised,
    cell: ({ unrealised, cost }) => (
      <Change of={unrealised} basisPoints={unrealised === null ? null : basisPoints(unrealised, cost)} />
    ),
  },
  REALISED,
];

interface HoldingsProps {
  readonly positions: readonly Position[];
  /** Of what is owned no more, profit is all that is left. */
  readonly soldOut?: boolean;
}

export function Holdings({ positions, soldOut = false }: HoldingsProps) {
  return (
    <Table
      caption={soldOut ? "What was sold out, with the profit made" : "Holdings at the prices of this moment"}
      columns={soldOut ? [NAME, REALISED] : COLUMNS}
      rows={positions}
      keyOf={({ stock }) => stock}
      initialOrder={{ name: "name", descending: false }}
      onOpen={({ stock }) => go(pathTo("stock", { stock }))}
      cards={!soldOut}
      empty={
        <Empty title="You hold no shares">
          Shares that you buy appear here. <a href={pathTo("market")}>Choose a stock</a>
        </Empty>
      }
    />
  );
}
