// A span of time as two fields, on the reader's own clock.
import { type Instant, wireTime } from "../../model/time.ts";
import { Field } from "../../ui/parts/Field.tsx";

export interface SpanText {
  readonly from: string;
  readonly to: string;
}

interface SpanProps {
  readonly value: SpanText;
  readonly onChange: (value: SpanText) => void;
}

export function Span({ value, onChange }: SpanProps) {
  return (
    <>
      <Field
        label="From"
        type="datetime-local"
        value={value.from}
        onInput={(from) => onChange({ ...value, from })}
      />
      <Field
        label="Before"
        type="datetime-local"
        value={value.to}
        onInput={(to) => onChange({ ...value, to })}
      />
    </>
  );
}

/** What to ask the venue for; a field that is empty or half typed bounds nothing. */
export function spanOf({ from, to }: SpanText): { readonly start?: string; readonly end?: string } {
  const [start, end] = [Date.parse(from), Date.parse(to)];
  return {
    ...(!Number.isNaN(start) && { start: wireTime(start as Instant) }),
    ...(!Number.isNaN(end) && { end: wireTime(end as Instant) }),
  };
}

/** Whether it may be an account's number, rather than one that is being typed. */
export function isAccount(text: string): boolean {
  return /^\s*\d{1,19}\s*$/.test(text);
}
