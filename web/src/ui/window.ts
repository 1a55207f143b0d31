// Which of many rows of one height are in view, so that the others need not be there. Pure.

/** From `first` up to `end`, which is not in it. */
export interface Window {
  readonly first: number;
  readonly end: number;
}

/** `top_px`: of the view below the first row's top. `spare`: rows beyond the view on both ends. */
export function windowOf(
  top_px: number,
  view_px: number,
  row_px: number,
  count: number,
  spare: number,
): Window {
  const first = Math.max(0, Math.floor(top_px / row_px) - spare);
  const end = Math.min(count, Math.ceil((top_px + view_px) / row_px) + spare);
  return { first: Math.min(first, Math.max(0, end)), end: Math.max(0, end) };
}

/** A row that is there, or so many that are not. */
export type Piece = { readonly at: number } | { readonly missing: number };

/** All rows in pieces: those of the window, and `kept` wherever it is, as it has the focus or is to get it. */
export function piecesOf({ first, end }: Window, count: number, kept: number): readonly Piece[] {
  const there = Array.from({ length: end - first }, (_, at) => first + at);
  if (kept < first) there.unshift(kept);
  if (kept >= end && kept < count) there.push(kept);
  const pieces: Piece[] = [];
  let next = 0;
  for (const at of there) {
    if (at > next) pieces.push({ missing: at - next });
    pieces.push({ at });
    next = at + 1;
  }
  if (next < count) pieces.push({ missing: count - next });
  return pieces;
}
