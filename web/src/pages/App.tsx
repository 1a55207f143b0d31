// The whole page: the shell with what the session may open.
import { type NavigationItem, Shell } from "../ui/shell/Shell.tsx";
import { session } from "../venue/venue.ts";
import { Outlet } from "./Outlet.tsx";
import { pathTo } from "./routes.ts";
import { SessionTools } from "./SessionTools.tsx";

const MARKET: NavigationItem = { path: pathTo("market"), title: "Market", icon: "market" };
const OWN: readonly NavigationItem[] = [
  { path: pathTo("orders"), title: "Orders", icon: "orders" },
  { path: pathTo("portfolio"), title: "Portfolio", icon: "portfolio" },
  { path: pathTo("wallet"), title: "Wallet", icon: "wallet" },
];
const OPERATOR: NavigationItem = { path: pathTo("operator"), title: "Operator", icon: "operator" };

export function App() {
  return (
    <Shell home={pathTo("market")} navigation={navigation()} tools={<SessionTools />}>
      <Outlet />
    </Shell>
  );
}

function navigation(): readonly NavigationItem[] {
  const state = session.state.value;
  if (state.kind === "none" || state.kind === "unknown") return [MARKET];
  return state.user.role === "admin" ? [MARKET, ...OWN, OPERATOR] : [MARKET, ...OWN];
}
