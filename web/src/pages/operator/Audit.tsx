// The audits: every command, and everything done to users and sessions.
import { useSignal } from "@preact/signals";
import { Panel } from "../../ui/parts/Panel.tsx";
import { Tabs } from "../../ui/parts/Tabs.tsx";
import { CommandAudit } from "./CommandAudit.tsx";
import { UserAudit } from "./UserAudit.tsx";

type Kind = "commands" | "users";

const KINDS = [
  { name: "commands", label: "Commands" },
  { name: "users", label: "Users and sessions" },
] as const;

export function Audit({ query }: { readonly query: URLSearchParams }) {
  const kind = useSignal<Kind>("commands");
  const account = query.get("account") ?? "";
  return (
    <Panel title="Audit">
      <Tabs label="Audits" tabs={KINDS} selected={kind.value} onSelect={(next) => (kind.value = next)}>
        {kind.value === "commands" ? (
          <CommandAudit key={account} account={account} />
        ) : (
          <UserAudit key={account} actor={account} />
        )}
      </Tabs>
    </Panel>
  );
}
