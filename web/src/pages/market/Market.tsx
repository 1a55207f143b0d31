// The market: all stocks with their prices of today.
import { useComputed, useSignal } from "@preact/signals";
import { useMemo, useRef } from "preact/hooks";
import { Button } from "../../ui/parts/Button.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Aged, Empty, Failed, Loading } from "../../ui/parts/State.tsx";
import { go } from "../../ui/router/router.ts";
import { useShortcuts } from "../../ui/shortcuts.ts";
import type { Order } from "../../ui/sorting.ts";
import { stores, stream } from "../../venue/venue.ts";
import { pathTo } from "../routes.ts";
import { summaryOf } from "./columns.ts";
import { List, useArranged } from "./List.tsx";
import "./market.css";

export function Market() {
  // Not the prices themselves: this draws the whole list, which each change of a price should not.
  const kind = useComputed(() => stores.prices.state.value.kind).value;
  if (kind === "here") return <Stocks />;
  return (
    <>
      <PageHead title="Market" />
      {kind === "loading" ? <Loading what="prices" /> : <PricesFailed />}
    </>
  );
}

function PricesFailed() {
  const state = stores.prices.state.value;
  return state.kind === "failed" ? <Failed error={state.error} /> : null;
}

function Stocks() {
  const search = useSignal("");
  const order = useSignal<Order>({ name: "name", descending: false });
  const field = useRef<HTMLInputElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const ids = useArranged(
    search.value,
    order.value,
    () => frame.current?.matches(":hover, :focus-within") ?? false,
  );
  useShortcuts(
    useMemo(() => [{ keys: "/", does: "Search the stocks", run: () => toField(field.current) }], []),
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const [first] = ids;
    if (event.key === "Enter" && first !== undefined) go(pathTo("stock", { stock: first }));
    if (event.key === "Escape") search.value = "";
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    frame.current?.querySelector<HTMLElement>('a[tabindex="0"]')?.focus();
  };
  return (
    <div class="market">
      <PageHead
        title="Market"
        tools={
          <search class="market-search" onKeyDown={onKeyDown}>
            <Field
              label="Search stocks"
              type="search"
              inputMode="search"
              placeholder="Search stocks"
              field={field}
              maxLength={100}
              value={search.value}
              onInput={(text) => (search.value = text)}
            >
              <span class="key" aria-hidden="true">
                /
              </span>
            </Field>
          </search>
        }
      >
        <Summary />
      </PageHead>
      <div class="panel" ref={frame}>
        <Aged age_ms={stream.age_ms.value}>
          {ids.length > 0 ? (
            <List ids={ids} order={order.value} onSort={(next) => (order.value = next)} />
          ) : (
            <Nothing search={search.value} onClear={() => (search.value = "")} />
          )}
        </Aged>
      </div>
    </div>
  );
}

/** Selecting alone would not bring it into view. */
function toField(field: HTMLInputElement | null): void {
  field?.focus();
  field?.select();
}

function Summary() {
  const words = useComputed(() => {
    const state = stores.prices.state.value;
    return state.kind === "here" ? summaryOf(state.value.values()) : "";
  });
  return <p class="muted">{words}</p>;
}

interface NothingProps {
  readonly search: string;
  readonly onClear: () => void;
}

function Nothing({ search, onClear }: NothingProps) {
  if (search.trim() === "") {
    return <Empty title="No stock is listed yet">An operator lists stocks; they appear here at once.</Empty>;
  }
  return (
    <Empty title={`No stock has “${search.trim()}” in its name`}>
      <Button onPress={onClear}>Show all stocks</Button>
    </Empty>
  );
}
