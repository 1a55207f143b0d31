// How numbers look: money, quantities, changes, times. A change has a sign and an arrow beside its colour.
import { type Money, showMoney, showSigned } from "../../model/money.ts";
import { type Quantity, showQuantity } from "../../model/quantity.ts";
import type { Side } from "../../model/side.ts";
import { type Instant, showClock, showMoment, showWhole } from "../../model/time.ts";

/** What stands where there is no value. */
const NONE = <span class="muted">–</span>;

interface AmountProps {
  readonly of: Money | null;
  /** The least decimals to show; of a price, those of its tick (`decimalsOf`). */
  readonly decimals?: 2 | 3 | 4;
}

export function Amount({ of, decimals = 2 }: AmountProps) {
  return of === null ? NONE : <span class="figure">{showMoney(of, decimals)}</span>;
}

export function Shares({ of }: { readonly of: Quantity | null }) {
  return of === null ? NONE : <span class="figure">{showQuantity(of)}</span>;
}

interface ChangeProps {
  readonly of: Money | null;
  /** What it is in hundredths of a per cent, shown behind it. */
  readonly basisPoints?: number | null;
  readonly decimals?: 2 | 3 | 4;
}

export function Change({ of, basisPoints = null, decimals = 2 }: ChangeProps) {
  if (of === null) return NONE;
  return (
    <span class={`figure ${toneOf(of)}`}>
      <span aria-hidden="true">{of > 0n ? "▲ " : of < 0n ? "▼ " : ""}</span>
      {showSigned(of, decimals)}
      {basisPoints !== null && ` (${showPerCent(basisPoints)})`}
    </span>
  );
}

/** The change as a share alone, for narrow columns. */
export function PerCent({ basisPoints }: { readonly basisPoints: number | null }) {
  if (basisPoints === null) return NONE;
  return (
    <span class={`figure ${basisPoints > 0 ? "up" : basisPoints < 0 ? "down" : ""}`}>
      <span aria-hidden="true">{basisPoints > 0 ? "▲ " : basisPoints < 0 ? "▼ " : ""}</span>
      {showPerCent(basisPoints)}
    </span>
  );
}

export function SideBadge({ side }: { readonly side: Side }) {
  return (
    <span class="badge" data-tone={side}>
      {side === "buy" ? "Buy" : "Sell"}
    </span>
  );
}

interface TimeProps {
  readonly at: Instant;
  /** The clock alone, also where it was another day. */
  readonly clock?: boolean;
}

export function Time({ at, clock = false }: TimeProps) {
  return (
    <time class="figure" dateTime={new Date(at).toISOString()} title={showWhole(at)}>
      {clock ? showClock(at) : showMoment(at)}
    </time>
  );
}

function toneOf(change: Money): string {
  return change > 0n ? "up" : change < 0n ? "down" : "";
}

function showPerCent(basisPoints: number): string {
  const sign = basisPoints > 0 ? "+" : basisPoints < 0 ? "−" : "";
  const size = Math.abs(basisPoints);
  return `${sign}${Math.floor(size / 100)}.${String(size % 100).padStart(2, "0")}%`;
}
