// Holdings as a table; on phones each is a card.
import { basisPoints, decimalsOfAll } from "../../model/money.ts";
import type { Position } from "../../model/portfolio.ts";
import { Amount, Change, PerCent, Shares } from "../../ui/parts/Figures.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { go } from "../../ui/router/router.ts";
import { pathTo } from "../routes.ts";
import { StockLink } from "../StockLink.tsx";

function columnsFor(positions: readonly Position[], soldOut: boolean): readonly Column<Position>[] {
  const decimals = {
    cost: decimalsOfAll(positions.map(({ averageCost }) => averageCost)),
    last: decimalsOfAll(positions.map(({ lastPrice }) => lastPrice)),
    value: decimalsOfAll(positions.map(({ marketValue }) => marketValue)),
    unrealised: decimalsOfAll(positions.map(({ unrealised }) => unrealised)),
    realised: decimalsOfAll(positions.map(({ realised }) => realised)),
  };
  const name: Column<Position> = {
    name: "name",
    title: "Stock",
    sortBy: ({ name }) => name,
    cell: ({ stock }) => <StockLink stock={stock} />,
  };
  const realised: Column<Position> = {
    name: "realised",
    title: "Realised",
    figure: true,
    sortBy: ({ realised }) => realised,
    cell: ({ realised }) => <Change of={realised} decimals={decimals.realised} />,
  };
  if (soldOut) return [name, realised];
  return [
    name,
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
      cell: ({ averageCost }) => <Amount of={averageCost} decimals={decimals.cost} />,
    },
    {
      name: "last",
      title: "Last",
      figure: true,
      sortBy: ({ lastPrice }) => lastPrice,
      cell: ({ lastPrice }) => <Amount of={lastPrice} decimals={decimals.last} />,
    },
    {
      name: "value",
      title: "Market value",
      figure: true,
      sortBy: ({ marketValue }) => marketValue,
      cell: ({ marketValue }) => <Amount of={marketValue} decimals={decimals.value} />,
    },
    {
      name: "unrealised",
      title: "Unrealised",
      figure: true,
      sortBy: ({ unrealised }) => unrealised,
      cell: ({ unrealised }) => <Change of={unrealised} decimals={decimals.unrealised} />,
    },
    {
      name: "return",
      title: "Return",
      figure: true,
      sortBy: returnOf,
      cell: (position) => <PerCent basisPoints={returnOf(position)} />,
    },
    realised,
  ];
}

/** Of what the shares cost; granted ones cost nothing. */
function returnOf({ unrealised, cost }: Position): number | null {
  return unrealised === null ? null : basisPoints(unrealised, cost);
}

interface HoldingsProps {
  readonly positions: readonly Position[];
  /** Of what is owned no more, profit is all that is left. */
  readonly soldOut?: boolean;
}

export function Holdings({ positions, soldOut = false }: HoldingsProps) {
  return (
    <Table
      caption={soldOut ? "What was sold out, with the profit made" : "Holdings at the prices of this moment"}
      columns={columnsFor(positions, soldOut)}
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
