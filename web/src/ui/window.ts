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
