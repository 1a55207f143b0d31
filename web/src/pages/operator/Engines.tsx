// The hosts of a venue of many services: which partitions each has, how fast it is, and moving them away.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { bookOf, partitionWords, type Rates, ratesOf } from "../../model/hosts.ts";
import { showCount } from "../../model/quantity.ts";
import { instant } from "../../model/time.ts";
import { capital } from "../../model/words.ts";
import { useFetched } from "../../ui/fetched.ts";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Confirm } from "../../ui/parts/Confirm.tsx";
import { Answer } from "../../ui/parts/Paged.tsx";
import { Panel } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { usePrices } from "../../venue/hooks.ts";
import { api, stream } from "../../venue/venue.ts";
import type { WireEngine } from "../../venue/wire.ts";
import { useTicks } from "../ticks.ts";

interface Row extends WireEngine {
  /** Null: not known yet. */
  readonly rates: Rates | null;
}

const LOOKED_MS = 2_000;

export function Engines() {
  const last = useRef(new Map<string, WireEngine>());
  const asked = useSignal<WireEngine | null>(null);
  const fetched = useFetched(
    async () => {
      const { books, hosts } = await api.engines();
      const rows = hosts.map((host): Row => ({ ...host, rates: rates(last.current.get(host.host), host) }));
      last.current = new Map(hosts.map((host) => [host.host, host]));
      return { books, rows };
    },
    "",
    useTicks(LOOKED_MS),
  );
  return (
    <Panel title="Engines">
      <Answer fetched={fetched} what="the engines" age_ms={stream.age_ms.value}>
        {({ books, rows }) =>
          books === null ? (
            <Empty title="The venue is one process">
              Its one core has all accounts and all stocks, so there is nothing to move. The overview shows
              how it does.
            </Empty>
          ) : (
            <Hosts books={books} rows={rows} onAsk={(host) => (asked.value = host)} />
          )
        }
      </Answer>
      <Drain
        host={asked.value}
        others={othersOf(asked.value, fetched.state.kind === "here" ? fetched.state.value.rows : [])}
        onClose={() => (asked.value = null)}
      />
    </Panel>
  );
}

function rates(before: WireEngine | undefined, now: WireEngine): Rates | null {
  return ratesOf(before && { ...before, at: instant(before.at) }, { ...now, at: instant(now.at) });
}

interface HostsProps {
  readonly books: number;
  readonly rows: readonly Row[];
  readonly onAsk: (host: WireEngine) => void;
}

function Hosts({ books, rows, onAsk }: HostsProps) {
  const prices = usePrices();
  const stocks = prices.kind === "here" ? [...prices.value.values()] : [];
  const stocksOf = ({ partitions }: Row) =>
    stocks.filter(({ stock }) => partitions.includes(bookOf(stock, books))).map(({ name }) => name);
  return (
    <Table
      caption="Hosts of ledgers, books and views"
      columns={columnsWith(stocksOf, onAsk)}
      rows={rows}
      keyOf={({ host }) => host}
      cards
      empty={<Empty title="No host lives">Orders wait until one is started.</Empty>}
    />
  );
}

function columnsWith(
  stocksOf: (row: Row) => readonly string[],
  ask: (host: WireEngine) => void,
): readonly Column<Row>[] {
  const rate = (name: keyof Rates, title: string, show: (value: number) => string): Column<Row> => ({
    name,
    title,
    figure: true,
    sortBy: (row) => row.rates?.[name] ?? 0,
    cell: (row) => (row.rates === null ? "–" : show(row.rates[name])),
  });
  return [
    { name: "host", title: "Host", sortBy: ({ host }) => host, cell: ({ host }) => host },
    { name: "kind", title: "Kind", sortBy: ({ kind }) => kind, cell: ({ kind }) => capital(kind) },
    {
      name: "state",
      title: "State",
      cell: (row) => (
        <span class="badge" data-tone={isLeaving(row) ? "warn" : undefined}>
          {!isLeaving(row) ? "Serving" : row.partitions.length > 0 ? "Draining" : "Drained"}
        </span>
      ),
    },
    { name: "has", title: "Partitions", cell: ({ partitions }) => partitionWords(partitions) || "–" },
    {
      name: "stocks",
      title: "Stocks",
      cell: (row) => {
        const names = row.kind === "engine" ? stocksOf(row).join(", ") : "";
        return names === "" ? (
          "–"
        ) : (
          <span class="clip" title={names}>
            {names}
          </span>
        );
      },
    },
    rate("batches", "Batches/s", fixed),
    rate("records", "Records/s", fixed),
    { name: "lag", title: "Lag", figure: true, sortBy: lagOf, cell: (row) => `${fixed(lagOf(row))} ms` },
    { name: "waiting", title: "Waiting", figure: true, cell: ({ waiting }) => showCount(waiting) },
    rate("cpu", "CPU", (value) => `${fixed(100 * value)}%`),
    {
      name: "do",
      title: "",
      cell: (row) => (
        <span class="row end acts">
          <Button
            kind={isLeaving(row) ? "plain" : "danger"}
            label={`${verbOf(row)} ${row.host}`}
            onPress={() => ask(row)}
          >
            {verbOf(row)}
          </Button>
        </span>
      ),
    },
  ];
}

interface DrainProps {
  readonly host: WireEngine | null;
  /** How many there are to take its partitions. */
  readonly others: number;
  readonly onClose: () => void;
}

function Drain({ host, others, onClose }: DrainProps) {
  const name = host?.host ?? "";
  const leaving = host !== null && isLeaving(host);
  return (
    <Confirm
      title={`${leaving ? "Undrain" : "Drain"} ${name}?`}
      open={host !== null}
      onClose={onClose}
      yes={leaving ? "Undrain the host" : "Drain the host"}
      run={async () => {
        await api.drain(name, !leaving);
        notify(leaving ? `${name} is given partitions again.` : `${name} gives its partitions away.`);
      }}
    >
      {leaving
        ? "It takes its share of the partitions from the others again."
        : others > 0
          ? "The others of its kind take its partitions over; nobody's order is lost. It runs on without any."
          : "There is no other of its kind: orders wait until there is one, or until it is undrained."}
    </Confirm>
  );
}

function othersOf(host: WireEngine | null, rows: readonly WireEngine[]): number {
  return rows.filter((row) => row.kind === host?.kind && row.host !== host.host && !isLeaving(row)).length;
}

function isLeaving({ state }: WireEngine): boolean {
  return state === "leaving";
}

function verbOf(host: WireEngine): string {
  return isLeaving(host) ? "Undrain" : "Drain";
}

function lagOf({ lag_ms }: WireEngine): number {
  return lag_ms;
}

function fixed(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}
