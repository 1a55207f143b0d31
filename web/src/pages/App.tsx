// The whole page: the shell with what the session may open.

import { useMemo } from "preact/hooks";
import { go } from "../ui/router/router.ts";
import { ConnectionBadge } from "../ui/shell/ConnectionBadge.tsx";
import { showHelp } from "../ui/shell/Help.tsx";
import { type NavigationItem, Shell } from "../ui/shell/Shell.tsx";
import { type Shortcut, useShortcuts } from "../ui/shortcuts.ts";
import { nextTheme } from "../ui/theme.ts";
import { session, stream } from "../venue/venue.ts";
import { Outlet } from "./Outlet.tsx";
import { pathTo } from "./routes.ts";
import { SessionExpired } from "./SessionExpired.tsx";
import { SessionTools } from "./SessionTools.tsx";

const MARKET: NavigationItem = { path: pathTo("market"), title: "Market", icon: "market" };
const OWN: readonly NavigationItem[] = [
  { path: pathTo("orders"), title: "Orders", icon: "orders" },
  { path: pathTo("portfolio"), title: "Portfolio", icon: "portfolio" },
  { path: pathTo("wallet"), title: "Wallet", icon: "wallet" },
];
const OPERATOR: NavigationItem = { path: pathTo("operator"), title: "Operator", icon: "operator" };

export function App() {
  const items = navigation();
  const owns = items.length > 1;
  useShortcuts(useMemo(() => shortcutsOf(owns), [owns]));
  return (
    <Shell home={pathTo("market")} navigation={items} tools={<Tools />}>
      <Outlet />
      <SessionExpired />
    </Shell>
  );
}

function Tools() {
  return (
    <>
      <ConnectionBadge state={stream.state.value} age_ms={stream.age_ms.value} />
      <SessionTools />
    </>
  );
}

function shortcutsOf(owns: boolean): readonly Shortcut[] {
  const goTo = (
    keys: string,
    name: "market" | "orders" | "portfolio" | "wallet",
    does: string,
  ): Shortcut => ({
    keys,
    does,
    run: () => go(pathTo(name)),
  });
  return [
    { keys: "?", does: "Show these shortcuts", run: showHelp },
    { keys: "t", does: "Change the colours", run: nextTheme },
    goTo("g m", "market", "Go to the market"),
    ...(owns
      ? [
          goTo("g o", "orders", "Go to your orders"),
          goTo("g p", "portfolio", "Go to your portfolio"),
          goTo("g w", "wallet", "Go to your wallet"),
        ]
      : []),
  ];
}

function navigation(): readonly NavigationItem[] {
  const state = session.state.value;
  if (state.kind === "none" || state.kind === "unknown") return [MARKET];
  return state.user.role === "admin" ? [MARKET, ...OWN, OPERATOR] : [MARKET, ...OWN];
}
