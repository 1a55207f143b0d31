// The audit of users and sessions, newest first: who signed in, who failed to, who was given which role.
import { useSignal } from "@preact/signals";
import { instant } from "../../model/time.ts";
import { capital, plain } from "../../model/words.ts";
import { usePages } from "../../ui/fetched.ts";
import { Field, Select } from "../../ui/parts/Field.tsx";
import { Time } from "../../ui/parts/Figures.tsx";
import { Paged } from "../../ui/parts/Paged.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { api, stream } from "../../venue/venue.ts";
import type { WireUserAudit } from "../../venue/wire.ts";
import { AuditLink } from "./AuditLink.tsx";
import { isAccount, Span, type SpanText, spanOf } from "./Span.tsx";

const ACTIONS = [
  "register",
  "login",
  "login_failed",
  "login_refused",
  "logout",
  "password_changed",
  "role_changed",
  "disabled",
  "enabled",
  "user_locked",
  "address_locked",
  "refresh_reused",
  "admin_created",
  "host_drained",
  "host_undrained",
] as const;

const COLUMNS: readonly Column<WireUserAudit>[] = [
  { name: "time", title: "Time", cell: ({ time }) => <Time at={instant(time)} /> },
  { name: "action", title: "Action", cell: ({ action }) => capital(plain(action)) },
  { name: "subject", title: "Subject", cell: ({ subject }) => <span class="clip">{subject}</span> },
  { name: "actor", title: "By account", figure: true, cell: ({ actor }) => <AuditLink account={actor} /> },
  { name: "detail", title: "Detail", cell: ({ detail }) => <span class="clip">{detail}</span> },
];

export function UserAudit({ actor }: { readonly actor: string }) {
  const by = useSignal(actor);
  const action = useSignal("");
  const span = useSignal<SpanText>({ from: "", to: "" });
  const query = {
    ...(isAccount(by.value) && { actor: by.value.trim() }),
    ...(action.value !== "" && { action: action.value }),
    ...spanOf(span.value),
  };
  const pages = usePages(
    (cursor) => api.userAudit({ ...query, ...(cursor !== undefined && { cursor }) }),
    JSON.stringify(query),
  );
  return (
    <>
      <search class="filters">
        <Field
          label="By account"
          inputMode="numeric"
          placeholder="any"
          value={by.value}
          onInput={(text) => (by.value = text)}
        />
        <Select
          label="Action"
          value={action.value}
          options={[
            { value: "", label: "Any" },
            ...ACTIONS.map((value) => ({ value, label: capital(plain(value)) })),
          ]}
          onChange={(next) => (action.value = next)}
        />
        <Span value={span.value} onChange={(next) => (span.value = next)} />
      </search>
      <Paged pages={pages} what="entries" age_ms={stream.age_ms.value}>
        {(items) => (
          <Table
            caption="What was done to users and sessions, newest first"
            columns={COLUMNS}
            rows={items}
            keyOf={({ id }) => id}
            empty={<Empty title="No entry fits">Ask for less.</Empty>}
          />
        )}
      </Paged>
    </>
  );
}
