// Stocks for the operator: list a new one, halt and resume trading, bring shares in.
import { useSignal } from "@preact/signals";
import { decimalsOf } from "../../model/money.ts";
import type { Stock } from "../../model/stock.ts";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Confirm } from "../../ui/parts/Confirm.tsx";
import { Amount, Shares } from "../../ui/parts/Figures.tsx";
import { Panel } from "../../ui/parts/Panel.tsx";
import { Aged, Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { usePrices } from "../../venue/hooks.ts";
import { api, stream } from "../../venue/venue.ts";
import { StockLink } from "../StockLink.tsx";
import { GrantShares } from "./GrantShares.tsx";
import { ListStock } from "./ListStock.tsx";

type Asked = { readonly what: "switch" | "grant"; readonly stock: Stock };

export function Stocks() {
  const prices = usePrices();
  const asked = useSignal<Asked | null>(null);
  const listing = useSignal(false);
  const close = () => (asked.value = null);
  const ask = (what: Asked["what"], stock: Stock) => (asked.value = { what, stock });
  return (
    <Panel
      title="Stocks"
      tools={
        <Button kind="primary" onPress={() => (listing.value = true)}>
          List a stock
        </Button>
      }
    >
      {prices.kind === "loading" && <Loading what="stocks" />}
      {prices.kind === "failed" && <Failed error={prices.error} />}
      {prices.kind === "here" && (
        <Aged age_ms={stream.age_ms.value}>
          <Table
            caption="Listed stocks"
            columns={columnsWith(ask)}
            rows={[...prices.value.values()]}
            keyOf={({ stock }) => stock}
            initialOrder={{ name: "name", descending: false }}
            cards
            empty={<Empty title="No stock is listed yet">List one to open the market.</Empty>}
          />
        </Aged>
      )}
      <ListStock open={listing.value} onClose={() => (listing.value = false)} />
      <Switch stock={asked.value?.what === "switch" ? asked.value.stock : null} onClose={close} />
      <GrantShares stock={asked.value?.what === "grant" ? asked.value.stock : null} onClose={close} />
    </Panel>
  );
}

function columnsWith(ask: (what: Asked["what"], stock: Stock) => void): readonly Column<Stock>[] {
  return [
    {
      name: "name",
      title: "Stock",
      sortBy: ({ name }) => name,
      cell: ({ stock }) => <StockLink stock={stock} />,
    },
    {
      name: "id",
      title: "Id",
      figure: true,
      sortBy: ({ stock }) => BigInt(stock),
      cell: ({ stock }) => stock,
    },
    {
      name: "state",
      title: "State",
      sortBy: ({ halted }) => Number(halted),
      cell: ({ halted }) => (
        <span class="badge" data-tone={halted ? "warn" : undefined}>
          {halted ? "Halted" : "Trading"}
        </span>
      ),
    },
    {
      name: "last",
      title: "Last",
      figure: true,
      sortBy: ({ lastPrice }) => lastPrice,
      cell: ({ lastPrice, tickSize }) => <Amount of={lastPrice} decimals={decimalsOf(tickSize)} />,
    },
    { name: "tick", title: "Tick", figure: true, cell: ({ tickSize }) => <Amount of={tickSize} /> },
    {
      name: "shares",
      title: "Shares listed",
      figure: true,
      sortBy: ({ sharesListed }) => sharesListed,
      cell: ({ sharesListed }) => <Shares of={sharesListed} />,
    },
    {
      name: "do",
      title: "",
      cell: (stock) => (
        <span class="row end acts">
          <Button label={`Grant shares of ${stock.name}`} onPress={() => ask("grant", stock)}>
            Grant shares
          </Button>
          <Button
            kind={stock.halted ? "plain" : "danger"}
            label={`${stock.halted ? "Resume" : "Halt"} ${stock.name}`}
            onPress={() => ask("switch", stock)}
          >
            {stock.halted ? "Resume" : "Halt"}
          </Button>
        </span>
      ),
    },
  ];
}

function Switch({ stock, onClose }: { readonly stock: Stock | null; readonly onClose: () => void }) {
  const name = stock?.name ?? "";
  const isHalted = stock?.halted ?? false;
  return (
    <Confirm
      title={isHalted ? `Resume ${name}?` : `Halt ${name}?`}
      open={stock !== null}
      onClose={onClose}
      yes={isHalted ? "Resume trading" : "Halt trading"}
      run={async () => {
        if (stock === null) return;
        await (isHalted ? api.resume(stock.stock) : api.halt(stock.stock));
        notify(isHalted ? `${name} trades again.` : `${name} is halted.`);
      }}
    >
      {isHalted
        ? "Orders enter and trade again. Those that rest in the book have kept their places."
        : "New orders and changes are refused for everybody until it is resumed. Cancels still work, and open orders keep their places."}
    </Confirm>
  );
}
