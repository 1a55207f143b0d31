// Sorting rows by one of their values. Rows without one stay at the end, whichever way. Pure.

export type SortKey = string | number | bigint | null;

export interface Order {
  readonly name: string;
  readonly descending: boolean;
}

export function sorted<Row>(
  rows: readonly Row[],
  by: (row: Row) => SortKey,
  descending: boolean,
): readonly Row[] {
  const keyed = rows.map((row) => ({ row, key: by(row) }));
  keyed.sort((one, other) => {
    if (one.key === null || other.key === null) return Number(one.key === null) - Number(other.key === null);
    return descending ? compared(other.key, one.key) : compared(one.key, other.key);
  });
  return keyed.map(({ row }) => row);
}

function compared(one: string | number | bigint, other: string | number | bigint): number {
  if (typeof one === "string" && typeof other === "string") return one.localeCompare(other);
  return one < other ? -1 : Number(one > other);
}
