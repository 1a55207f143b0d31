// An account's number, as the way to what it has done.
import { pathTo } from "../routes.ts";

export function AuditLink({ account }: { readonly account: string }) {
  if (account === "0") return <span class="muted">venue</span>;
  return (
    <a href={`${pathTo("operatorPage", { page: "audit" })}?account=${account}`} title="Its audit">
      {account}
    </a>
  );
}
