// Users: find them, give them a role, close and open their way in.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { instant } from "../../model/time.ts";
import { usePages } from "../../ui/fetched.ts";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Confirm } from "../../ui/parts/Confirm.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { Time } from "../../ui/parts/Figures.tsx";
import { Paged } from "../../ui/parts/Paged.tsx";
import { Panel } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type Column, Table } from "../../ui/parts/Table.tsx";
import { useUser } from "../../venue/hooks.ts";
import { api, stream } from "../../venue/venue.ts";
import type { WireUser } from "../../venue/wire.ts";
import { ROLE_WORDS } from "../roles.ts";
import { AuditLink } from "./AuditLink.tsx";
import { ChangeRole } from "./ChangeRole.tsx";

type Asked = { readonly what: "role" | "switch"; readonly user: WireUser };

const TYPING_MS = 250;

export function Users() {
  const typed = useSignal("");
  const search = useSettled(typed.value, TYPING_MS);
  const asked = useSignal<Asked | null>(null);
  const changes = useSignal(0);
  const self = useUser()?.account ?? null;
  const pages = usePages(
    (cursor) => api.users({ ...(search !== "" && { search }), ...(cursor !== undefined && { cursor }) }),
    search,
    changes.value,
  );
  const done = () => {
    changes.value += 1;
  };
  const close = () => (asked.value = null);
  return (
    <Panel title="Users">
      <search class="filters">
        <Field
          label="User name begins with"
          type="search"
          inputMode="search"
          value={typed.value}
          onInput={(text) => (typed.value = text)}
        />
      </search>
      <Paged pages={pages} what="users" age_ms={stream.age_ms.value}>
        {(users) => (
          <Table
            caption="Users and their roles"
            columns={columnsWith((what, user) => (asked.value = { what, user }), self)}
            rows={users}
            keyOf={({ account }) => account}
            cards
            empty={<Empty title="No user name begins so" />}
          />
        )}
      </Paged>
      <ChangeRole
        user={asked.value?.what === "role" ? asked.value.user : null}
        onClose={close}
        onDone={done}
      />
      <Switch user={asked.value?.what === "switch" ? asked.value.user : null} onClose={close} onDone={done} />
    </Panel>
  );
}

function columnsWith(
  ask: (what: Asked["what"], user: WireUser) => void,
  self: string | null,
): readonly Column<WireUser>[] {
  return [
    {
      name: "user",
      title: "User name",
      cell: ({ user_name, account }) => (
        <span class="clip">
          {user_name}
          {account === self && <span class="muted"> (you)</span>}
        </span>
      ),
    },
    { name: "name", title: "Name", cell: ({ name }) => <span class="clip">{name}</span> },
    {
      name: "account",
      title: "Account",
      figure: true,
      cell: ({ account }) => <AuditLink account={account} />,
    },
    { name: "role", title: "Role", cell: ({ role }) => ROLE_WORDS[role] },
    { name: "since", title: "Since", cell: ({ created_at }) => <Time at={instant(created_at)} /> },
    {
      name: "state",
      title: "State",
      cell: ({ disabled }) => (
        <span class="badge" data-tone={disabled ? "error" : undefined}>
          {disabled ? "Disabled" : "Enabled"}
        </span>
      ),
    },
    {
      name: "do",
      title: "",
      cell: (user) => (
        <span class="row end acts">
          <Button label={`Change role of ${user.user_name}`} onPress={() => ask("role", user)}>
            Change role
          </Button>
          <Button
            kind={user.disabled ? "plain" : "danger"}
            label={`${user.disabled ? "Enable" : "Disable"} ${user.user_name}`}
            onPress={() => ask("switch", user)}
          >
            {user.disabled ? "Enable" : "Disable"}
          </Button>
        </span>
      ),
    },
  ];
}

interface SwitchProps {
  readonly user: WireUser | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

function Switch({ user, onClose, onDone }: SwitchProps) {
  const name = user?.user_name ?? "";
  const isDisabled = user?.disabled ?? false;
  return (
    <Confirm
      title={isDisabled ? `Enable ${name}?` : `Disable ${name}?`}
      open={user !== null}
      onClose={onClose}
      yes={isDisabled ? "Enable the user" : "Disable the user"}
      run={async () => {
        if (user === null) return;
        await api.setUser(user.account, { disabled: !isDisabled });
        notify(isDisabled ? `${name} can sign in again.` : `${name} is disabled.`);
        onDone();
      }}
    >
      {isDisabled
        ? "They can sign in again."
        : "They are signed out everywhere at once and cannot sign in. Their open orders stay in the book."}
    </Confirm>
  );
}

/** A value once it has not changed for a while. */
function useSettled(value: string, after_ms: number): string {
  const settled = useSignal(value);
  useEffect(() => {
    const timer = setTimeout(() => {
      settled.value = value;
    }, after_ms);
    return () => clearTimeout(timer);
  }, [value, after_ms]);
  return settled.value;
}
