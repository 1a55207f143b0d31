// The page that was wanted before the door, which the forms there go on to.
import { matchOf, pathTo } from "../routes.ts";

/** One of ours, or the market. */
export function nextOf(query: URLSearchParams): string {
  const next = query.get("next") ?? "";
  return matchOf(next) === null ? pathTo("market") : next;
}

export function signInPath(query: URLSearchParams): string {
  return withNext(pathTo("signIn"), query.get("next"));
}

export function registerPath(query: URLSearchParams): string {
  return withNext(pathTo("register"), query.get("next"));
}

export function withNext(path: string, next: string | null): string {
  return next === null ? path : `${path}?${new URLSearchParams({ next })}`;
}
