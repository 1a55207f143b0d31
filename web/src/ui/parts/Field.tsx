// Labelled fields of a form. A fault is a sentence below the field, told to screen readers with it.
import type { ComponentChildren, RefObject } from "preact";
import { useId } from "preact/hooks";

interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  readonly type?: "text" | "password" | "search" | "date" | "datetime-local";
  readonly inputMode?: "text" | "decimal" | "numeric" | "search";
  readonly autocomplete?: string;
  readonly placeholder?: string;
  readonly hint?: string | undefined;
  readonly fault?: string | null | undefined;
  /** After the value: "shares", a currency. */
  readonly unit?: string;
  /** Numbers stand to the right. */
  readonly figure?: boolean;
  readonly required?: boolean;
  readonly disabled?: boolean;
  readonly autoFocus?: boolean;
  readonly maxLength?: number;
  readonly field?: RefObject<HTMLInputElement | null>;
  /** The arrows up and down: one step more, one less. */
  readonly onStep?: (by: 1 | -1) => void;
  /** Beside the value, within the frame: a button, say. */
  readonly children?: ComponentChildren;
}

// Each by itself, as the types of an `input` are told apart by its `type`.
const INPUT = {
  text: { type: "text" },
  password: { type: "password" },
  search: { type: "search" },
  date: { type: "date" },
  "datetime-local": { type: "datetime-local" },
} as const;

export function Field(props: FieldProps) {
  const id = useId();
  const { label, hint, fault, unit } = props;
  return (
    <div class="field" data-figure={props.figure ? "" : undefined} data-fault={fault ? "" : undefined}>
      <label for={id}>{label}</label>
      <div class="control">
        <input
          id={id}
          ref={props.field ?? null}
          {...INPUT[props.type ?? "text"]}
          inputmode={props.inputMode}
          autocomplete={props.autocomplete ?? "off"}
          placeholder={props.placeholder}
          spellcheck={false}
          autocapitalize="none"
          required={props.required}
          disabled={props.disabled}
          maxLength={props.maxLength}
          autofocus={props.autoFocus}
          value={props.value}
          aria-invalid={fault ? "true" : undefined}
          aria-describedby={fault ? `${id}-fault` : hint ? `${id}-hint` : undefined}
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onKeyDown={props.onStep && ((event) => stepByKey(event, props.onStep))}
        />
        {unit && <span class="unit">{unit}</span>}
        {props.children}
      </div>
      {hint && !fault && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {fault && (
        <span class="fault" id={`${id}-fault`}>
          {fault}
        </span>
      )}
    </div>
  );
}

function stepByKey(event: KeyboardEvent, onStep: FieldProps["onStep"]): void {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  event.preventDefault();
  onStep?.(event.key === "ArrowUp" ? 1 : -1);
}

export interface Option<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** Colours of a side of the market, in a `Choice`. */
  readonly tone?: "buy" | "sell";
}

interface SelectProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly Option<Value>[];
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean;
}

export function Select<Value extends string>({
  label,
  value,
  options,
  onChange,
  disabled,
}: SelectProps<Value>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="control">
        <select
          id={id}
          value={value}
          disabled={disabled}
          onChange={(event) => {
            const chosen = options.find((option) => option.value === event.currentTarget.value);
            if (chosen !== undefined) onChange(chosen.value);
          }}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      </div>
    </div>
  );
}

interface ChoiceProps<Value extends string> extends Omit<SelectProps<Value>, "disabled"> {
  /** Whether the label is seen, or only told. */
  readonly quiet?: boolean;
}

/** One of a few, all in view: radio buttons that look like one control. */
export function Choice<Value extends string>({
  label,
  value,
  options,
  onChange,
  quiet = true,
}: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset class="field choice-frame">
      <legend class={quiet ? "unseen" : undefined}>{label}</legend>
      <div class="choice">
        {options.map((option) => (
          <label key={option.value} data-tone={option.tone}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface CheckProps {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly disabled?: boolean;
}

export function Check({ label, checked, onChange, disabled }: CheckProps) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}
