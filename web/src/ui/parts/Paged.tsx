// What was asked for, in its states: loading, failed, out of date, here; and a list with the way to its other pages.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { sentenceOf } from "../../venue/problem.ts";
import type { Fetched, Pages } from "../fetched.ts";
import { Button } from "./Button.tsx";
import { Notice } from "./Notice.tsx";
import { Aged, Failed, Loading } from "./State.tsx";

interface AnswerProps<T> {
  readonly fetched: Fetched<T>;
  /** What it is, for the words of its states. */
  readonly what: string;
  /** Of the connection; null: it is fresh. */
  readonly age_ms: number | null;
  readonly children: (value: T) => ComponentChildren;
}

export function Answer<T>({ fetched, what, age_ms, children }: AnswerProps<T>) {
  const { state, fault, busy, again } = fetched;
  if (state.kind === "loading") return <Loading what={what} />;
  if (state.kind === "failed") return <Failed error={state.error} onRetry={again} />;
  return (
    <Aged age_ms={age_ms}>
      {fault !== null && (
        <Notice tone="warn">
          <div class="row">
            <span>This may be out of date. {sentenceOf(fault)}</span>
            <Button onPress={again} busy={busy}>
              Try again
            </Button>
          </div>
        </Notice>
      )}
      {children(state.value)}
    </Aged>
  );
}

interface PagedProps<T> {
  readonly pages: Pages<T>;
  readonly what: string;
  readonly age_ms: number | null;
  readonly children: (items: readonly T[]) => ComponentChildren;
}

export function Paged<T>({ pages, what, age_ms, children }: PagedProps<T>) {
  const { number, toNext, toPrevious, busy } = pages;
  const id = useId();
  return (
    <div aria-busy={busy ? "true" : undefined}>
      <Answer fetched={pages} what={what} age_ms={age_ms}>
        {({ items, next }) => (
          <>
            {children(items)}
            {(number > 1 || next !== null) && (
              <nav class="pager" aria-labelledby={id}>
                <span id={id}>
                  <span class="unseen">Of {what}, </span>page {number}
                </span>
                <Button busy={toPrevious === null} onPress={() => toPrevious?.()}>
                  Previous
                </Button>
                <Button busy={toNext === null} onPress={() => toNext?.()}>
                  Next
                </Button>
              </nav>
            )}
          </>
        )}
      </Answer>
    </div>
  );
}
