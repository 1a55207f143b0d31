// What the forms at the door share: where to go on to, and sending once at a time.
import { useSignal } from "@preact/signals";
import { sentenceOf } from "../../venue/problem.ts";
import { matchOf, pathTo } from "../routes.ts";

/** The page that was wanted before the door: one of ours, or the market. */
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

/** Send a form: never twice at once; `fault` is the sentence of what went wrong. */
export function useSubmit(send: () => Promise<void>) {
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);
  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    if (busy.value) return;
    busy.value = true;
    fault.value = null;
    try {
      await send();
    } catch (error) {
      fault.value = sentenceOf(error);
    } finally {
      busy.value = false;
    }
  }
  return { submit: (event: Event) => void submit(event), busy: busy.value, fault: fault.value };
}
