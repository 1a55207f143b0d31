// What is asked for rather than streamed: one answer, or a list in pages. The last answer stays in view while the next
// one is on its way, and where asking again fails.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Page } from "../venue/api.ts";
import type { Loadable } from "../venue/channel-store.ts";

export interface Fetched<T> {
  readonly state: Loadable<T>;
  /** Why asking again failed, while the answer before is still shown. */
  readonly fault: unknown;
  readonly busy: boolean;
  readonly again: () => void;
}

interface Shown<T> {
  readonly state: Loadable<T>;
  readonly fault: unknown;
  readonly busy: boolean;
}

/** Answers are asked for anew at most so often, however fast what they follow from changes. */
const PAUSE_MS = 1_000;

/** Ask now, whenever `key` changes, and soon after `fresh` has changed. */
export function useFetched<T>(ask: () => Promise<T>, key: string, fresh: unknown = null): Fetched<T> {
  const shown = useSignal<Shown<T>>({ state: { kind: "loading" }, fault: null, busy: true });
  const turn = useRef({ number: 0, at: 0, timer: 0 });
  const asking = useRef(ask);
  asking.current = ask;

  const again = () => {
    const { current } = turn;
    const number = ++current.number;
    clearTimeout(current.timer);
    current.timer = 0;
    current.at = Date.now();
    shown.value = { ...shown.peek(), busy: true };
    const settle = (next: (before: Loadable<T>) => Omit<Shown<T>, "busy">) => {
      if (number === current.number) shown.value = { ...next(shown.peek().state), busy: false };
    };
    asking.current().then(
      (value) => settle(() => ({ state: { kind: "here", value }, fault: null })),
      (error: unknown) =>
        settle((before) =>
          before.kind === "here"
            ? { state: before, fault: error }
            : { state: { kind: "failed", error }, fault: null },
        ),
    );
  };

  useEffect(again, [key]);
  const first = useRef(fresh);
  useEffect(() => {
    const { current } = turn;
    if (first.current === fresh || current.timer !== 0) return;
    first.current = fresh;
    current.timer = window.setTimeout(again, Math.max(0, current.at + PAUSE_MS - Date.now()));
  }, [fresh]);
  useEffect(
    () => () => {
      clearTimeout(turn.current.timer);
      turn.current.number += 1;
    },
    [],
  );
  return { ...shown.value, again };
}

export interface Pages<T> extends Fetched<Page<T>> {
  /** From 1. */
  readonly number: number;
  /** Null: there is none. */
  readonly toNext: (() => void) | null;
  readonly toPrevious: (() => void) | null;
}

/** A list in pages; it starts from the first whenever `filter` changes. */
export function usePages<T>(
  ask: (cursor: string | undefined) => Promise<Page<T>>,
  filter: string,
  fresh: unknown = null,
): Pages<T> {
  const at = useSignal<{ readonly filter: string; readonly cursors: readonly string[] }>({
    filter,
    cursors: [],
  });
  const cursors = at.value.filter === filter ? at.value.cursors : [];
  const cursor = cursors.at(-1);
  const fetched = useFetched(() => ask(cursor), `${filter}/${cursor}`, fresh);
  const next = fetched.state.kind === "here" ? fetched.state.value.next : null;
  const goTo = (to: readonly string[]) => () => {
    at.value = { filter, cursors: to };
  };
  return {
    ...fetched,
    number: cursors.length + 1,
    toNext: next === null || fetched.busy ? null : goTo([...cursors, next]),
    toPrevious: cursors.length === 0 || fetched.busy ? null : goTo(cursors.slice(0, -1)),
  };
}
