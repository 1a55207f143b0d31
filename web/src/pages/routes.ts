// Every page of the trading floor: its path, its title, who may open it, and the file that it is loaded from.
// The venue serves the page at these paths, so a new one has to be told to it as well.
import type { ComponentType } from "preact";
import { filledPath, type ParamsOf, paramsOf } from "../ui/router/path.ts";

/** What a page is given. Pages with parts in their path take them as `params`. */
export interface PageProps<Params = Readonly<Record<string, string>>> {
  readonly params: Params;
  readonly query: URLSearchParams;
}

export type Access = "anyone" | "session" | "admin";

export interface Route<Path extends string = string> {
  readonly path: Path;
  readonly title: string;
  readonly access: Access;
  readonly load: () => Promise<ComponentType<PageProps<ParamsOf<Path>>>>;
}

function route<const Path extends string>(
  path: Path,
  title: string,
  access: Access,
  load: Route<Path>["load"],
): Route<Path> {
  return { path, title, access, load };
}

export const ROUTES = {
  market: route("/market", "Market", "anyone", async () => (await import("./market/Market.tsx")).Market),
  stock: route("/stocks/:stock", "Stock", "anyone", async () => (await import("./stock/Stock.tsx")).Stock),
  orders: route("/orders", "Orders", "session", async () => (await import("./orders/Orders.tsx")).Orders),
  portfolio: route(
    "/portfolio",
    "Portfolio",
    "session",
    async () => (await import("./portfolio/Portfolio.tsx")).Portfolio,
  ),
  wallet: route("/wallet", "Wallet", "session", async () => (await import("./wallet/Wallet.tsx")).Wallet),
  operator: route(
    "/operator",
    "Operator",
    "admin",
    async () => (await import("./operator/Operator.tsx")).Operator,
  ),
  operatorPage: route(
    "/operator/:page",
    "Operator",
    "admin",
    async () => (await import("./operator/Operator.tsx")).Operator,
  ),
  signIn: route("/sign-in", "Sign in", "anyone", async () => (await import("./door/SignIn.tsx")).SignIn),
  register: route(
    "/register",
    "Register",
    "anyone",
    async () => (await import("./door/Register.tsx")).Register,
  ),
} as const;

export type RouteName = keyof typeof ROUTES;

/** The path of a page, with its parts filled in: `pathTo("stock", { stock })`. */
export function pathTo<Name extends RouteName>(
  name: Name,
  ...[params]: keyof ParamsOf<(typeof ROUTES)[Name]["path"]> extends never
    ? []
    : [ParamsOf<(typeof ROUTES)[Name]["path"]>]
): string {
  return filledPath<string>(ROUTES[name].path, params ?? {});
}

export interface Match {
  readonly name: RouteName;
  readonly params: Readonly<Record<string, string>>;
}

/** The page at a path, or null. */
export function matchOf(path: string): Match | null {
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const params = paramsOf(ROUTES[name].path, path);
    if (params !== null) return { name, params };
  }
  return null;
}
