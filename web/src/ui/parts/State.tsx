// What a part of a page shows in place of its content, or over it: loading, empty, failed, out of date.
import type { ComponentChildren } from "preact";
import { showAge } from "../../model/time.ts";
import { sentenceOf } from "../../venue/problem.ts";
import { Button } from "./Button.tsx";

export function Loading({ what }: { readonly what: string }) {
  return (
    <div class="state" role="status">
      <span class="spinner" />
      <span>Loading {what}…</span>
    </div>
  );
}

interface EmptyProps {
  readonly title: string;
  /** What to do about it. */
  readonly children?: ComponentChildren;
}

export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="state">
      <strong>{title}</strong>
      {children && <div>{children}</div>}
    </div>
  );
}

interface FailedProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
}

export function Failed({ error, onRetry }: FailedProps) {
  return (
    <div class="state" role="alert">
      <strong>This cannot be shown</strong>
      <span>{sentenceOf(error)}</span>
      {onRetry && <Button onPress={onRetry}>Try again</Button>}
    </div>
  );
}

interface AgedProps {
  /** Null: it is as fresh as can be. */
  readonly age_ms: number | null;
  readonly children: ComponentChildren;
}

/** Its content, greyed with its age where it is out of date. */
export function Aged({ age_ms, children }: AgedProps) {
  return (
    <div class="aged" data-stale={age_ms === null ? undefined : ""}>
      <div class="what">{children}</div>
      {age_ms !== null && <span class="age">{showAge(age_ms)} old</span>}
    </div>
  );
}
