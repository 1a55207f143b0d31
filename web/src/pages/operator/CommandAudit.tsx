// The audit of commands, newest first: of an account, of a kind, of a span of time, or those that were denied.
import { useSignal } from "@preact/signals";
import { parseMoney } from "../../model/money.ts";
import { shares } from "../../model/quantity.ts";
import { instant } from "../../model/time.ts";
import { capital, plain } from "../../model/words.ts";
import { usePages } from "../../ui/fetched.ts";
import { Check, Field, Select } from "../../ui/parts/Field.tsx";
import { Amount, Shares, Time } from "../../ui/parts/Figures.tsx";
import { Paged } from "../../ui/parts/Paged.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { api, stream } from "../../venue/venue.ts";
import type { WireCommandAudit } from "../../venue/wire.ts";
import { StockLink } from "../StockLink.tsx";
import { AuditLink } from "./AuditLink.tsx";
import { isAccount, Span, type SpanText, spanOf } from "./Span.tsx";

const KINDS = [
  "open_account",
  "list_stock",
  "deposit",
  "withdraw",
  "grant_shares",
  "place_order",
  "amend_order",
  "cancel_order",
  "cancel_all",
  "halt_stock",
  "resume_stock",
  "set_limits",
] as const;

const COLUMNS: readonly Column<WireCommandAudit>[] = [
  { name: "time", title: "Time", cell: ({ time }) => <Time at={instant(time)} /> },
  { name: "sequence", title: "Sequence", figure: true, cell: ({ sequence }) => sequence },
  { name: "kind", title: "Command", cell: ({ kind }) => capital(plain(kind)) },
  {
    name: "account",
    title: "Account",
    figure: true,
    cell: ({ account, actor }) => (
      <span>
        <AuditLink account={account} />
        {actor !== account && <span class="muted"> by {actor === "0" ? "the venue" : actor}</span>}
      </span>
    ),
  },
  { name: "stock", title: "Stock", cell: ({ stock }) => stock && <StockLink stock={stock} /> },
  { name: "order", title: "Order", figure: true, cell: ({ order }) => order },
  {
    name: "quantity",
    title: "Quantity",
    figure: true,
    cell: ({ quantity }) => quantity > 0 && <Shares of={shares(quantity)} />,
  },
  {
    name: "amount",
    title: "Amount",
    figure: true,
    cell: ({ amount }) => {
      const money = parseMoney(amount);
      return money !== 0n && <Amount of={money} />;
    },
  },
  {
    name: "outcome",
    title: "Outcome",
    cell: ({ denied }) =>
      denied === null ? (
        "Done"
      ) : (
        <span class="badge" data-tone="warn">
          Denied: {plain(denied)}
        </span>
      ),
  },
];

export function CommandAudit({ account }: { readonly account: string }) {
  const of = useSignal(account);
  const kind = useSignal("");
  const denied = useSignal(false);
  const span = useSignal<SpanText>({ from: "", to: "" });
  const query = {
    ...(isAccount(of.value) && { account: of.value.trim() }),
    ...(kind.value !== "" && { kind: kind.value }),
    ...(denied.value && { denied: true }),
    ...spanOf(span.value),
  };
  const pages = usePages(
    (cursor) => api.audit({ ...query, ...(cursor !== undefined && { cursor }) }),
    JSON.stringify(query),
  );
  return (
    <>
      <search class="filters">
        <Field
          label="Account"
          inputMode="numeric"
          placeholder="any"
          value={of.value}
          onInput={(text) => (of.value = text)}
        />
        <Select
          label="Command"
          value={kind.value}
          options={[
            { value: "", label: "Any" },
            ...KINDS.map((value) => ({ value, label: capital(plain(value)) })),
          ]}
          onChange={(next) => (kind.value = next)}
        />
        <Span value={span.value} onChange={(next) => (span.value = next)} />
        <Check label="Denied only" checked={denied.value} onChange={(next) => (denied.value = next)} />
      </search>
      <Paged pages={pages} what="commands" age_ms={stream.age_ms.value}>
        {(items) => (
          <Table
            caption="Commands, newest first"
            columns={COLUMNS}
            rows={items}
            keyOf={({ sequence }) => sequence}
            empty={<Empty title="No command fits">Ask for less.</Empty>}
          />
        )}
      </Paged>
    </>
  );
}
