// One stock: candles, depth, order book, trades, ticket, own orders. On a desk all at once; on phones one at a time.
import { useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useCallback } from "preact/hooks";
import type { StockId } from "../../model/ids.ts";
import { type Money, showMoney } from "../../model/money.ts";
import type { Side } from "../../model/side.ts";
import type { Stock as Listed } from "../../model/stock.ts";
import { announce } from "../../ui/announce.ts";
import { onPhone } from "../../ui/media.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Panel } from "../../ui/parts/Panel.tsx";
import { Aged, Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { type Tab, Tabs } from "../../ui/parts/Tabs.tsx";
import { useStock, useUser } from "../../venue/hooks.ts";
import { stores, stream } from "../../venue/venue.ts";
import { type PageProps, pathTo } from "../routes.ts";
import { Candles, IntervalChoice } from "./Candles.tsx";
import { DepthChart } from "./DepthChart.tsx";
import { Headline } from "./Headline.tsx";
import { Ladder } from "./Ladder.tsx";
import { OwnOrders } from "./OwnOrders.tsx";
import "./stock.css";
import { Tape } from "./Tape.tsx";
import { TicketForm } from "./Ticket.tsx";
import { focusQuantity } from "./TicketFields.tsx";
import { changeTicket, fillPrice } from "./tickets.ts";

interface OfStock {
  readonly id: StockId;
}

export function Stock({ params }: PageProps<{ readonly stock: string }>) {
  const id = params.stock as StockId;
  // Not the prices themselves: this draws the whole page, which each change of a price should not.
  const prices = useComputed(() => {
    const state = stores.prices.state.value;
    return state.kind === "here" ? (state.value.has(id) ? "listed" : "unknown") : state.kind;
  }).value;
  if (prices === "loading") return <Loading what="the stock" />;
  if (prices === "failed") return <PricesFailed />;
  if (prices === "unknown") {
    return (
      <Empty title="There is no such stock">
        <a href={pathTo("market")}>Go to the market</a>
      </Empty>
    );
  }
  return onPhone.value ? <Phone id={id} /> : <Desk id={id} />;
}

function PricesFailed() {
  const state = stores.prices.state.value;
  return state.kind === "failed" ? <Failed error={state.error} /> : null;
}

function Desk({ id }: OfStock) {
  const pick = useCallback(
    (price: Money) => {
      picked(id, price);
      focusQuantity();
    },
    [id],
  );
  return (
    <div class="stock">
      <Head id={id} />
      <div class="stock-plots">
        <ChartPanel id={id} />
        <DepthPanel id={id} />
      </div>
      <div class="stock-market">
        <BookPanel id={id} onPick={pick} />
        <TapePanel id={id} />
      </div>
      <div class="stock-own">
        <TicketPanel id={id} />
        <OwnPanel id={id} />
      </div>
    </div>
  );
}

type View = "chart" | "book" | "trades" | "ticket";

const VIEWS: readonly Tab<View>[] = [
  { name: "chart", label: "Chart" },
  { name: "book", label: "Book" },
  { name: "trades", label: "Trades" },
  { name: "ticket", label: "Ticket" },
];

function Phone({ id }: OfStock) {
  const view = useSignal<View>("chart");
  const pick = (price: Money) => {
    picked(id, price);
    view.value = "ticket";
  };
  const open = (side: Side) => {
    changeTicket(id, { side });
    view.value = "ticket";
  };
  return (
    <div class="stock">
      <Head id={id} />
      <Tabs
        label="Parts of this page"
        tabs={VIEWS}
        selected={view.value}
        onSelect={(name) => (view.value = name)}
      >
        <div class="stock-view">
          {view.value === "chart" && (
            <>
              <ChartPanel id={id} />
              <DepthPanel id={id} />
            </>
          )}
          {view.value === "book" && <BookPanel id={id} onPick={pick} />}
          {view.value === "trades" && <TapePanel id={id} />}
          {view.value === "ticket" && (
            <>
              <TicketPanel id={id} />
              <OwnPanel id={id} />
            </>
          )}
        </div>
      </Tabs>
      {view.value !== "ticket" && (
        <div class="stock-thumb">
          <Button kind="buy" wide onPress={() => open("buy")}>
            Buy
          </Button>
          <Button kind="sell" wide onPress={() => open("sell")}>
            Sell
          </Button>
        </div>
      )}
    </div>
  );
}

function picked(stock: StockId, price: Money): void {
  fillPrice(stock, price);
  announce(`Price ${showMoney(price)} is in the ticket`);
}

interface LiveProps extends OfStock {
  readonly children: (stock: Listed) => JSX.Element;
}

/** What shows the stock's prices is drawn again with them, and nothing else is. */
function Live({ id, children }: LiveProps) {
  const stock = useStock(id);
  return stock === null ? null : children(stock);
}

function Fresh({ children }: { readonly children: ComponentChildren }) {
  return <Aged age_ms={stream.age_ms.value}>{children}</Aged>;
}

function Head({ id }: OfStock) {
  return (
    <Fresh>
      <Live id={id}>{(stock) => <Headline stock={stock} />}</Live>
    </Fresh>
  );
}

function BookPanel({ id, onPick }: OfStock & { readonly onPick: (price: Money) => void }) {
  return (
    <Panel title="Order book" class="book-panel">
      <Fresh>
        <Live id={id}>{(stock) => <Ladder stock={stock} onPick={onPick} />}</Live>
      </Fresh>
    </Panel>
  );
}

function TapePanel({ id }: OfStock) {
  return (
    <Panel title="Trades" class="tape-panel">
      <Fresh>
        <Live id={id}>{(stock) => <Tape stock={stock} />}</Live>
      </Fresh>
    </Panel>
  );
}

function TicketPanel({ id }: OfStock) {
  return (
    <Panel title="Ticket" padded class="ticket-panel">
      <Live id={id}>{(stock) => <TicketForm stock={stock} />}</Live>
    </Panel>
  );
}

function OwnPanel({ id }: OfStock) {
  if (useUser() === null) return null;
  return (
    <Panel title="Your orders" padded class="own-panel">
      <Live id={id}>{(stock) => <OwnOrders stock={stock} />}</Live>
    </Panel>
  );
}

function ChartPanel({ id }: OfStock) {
  return (
    <Panel title="Chart" class="chart-panel" tools={<IntervalChoice />}>
      <Fresh>
        <Live id={id}>{(stock) => <Candles stock={stock} />}</Live>
      </Fresh>
    </Panel>
  );
}

function DepthPanel({ id }: OfStock) {
  return (
    <Panel title="Depth" class="depth-panel">
      <Fresh>
        <Live id={id}>{(stock) => <DepthChart stock={stock} />}</Live>
      </Fresh>
    </Panel>
  );
}
