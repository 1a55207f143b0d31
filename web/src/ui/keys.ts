// Where a key leads in a row of things. Pure.

/** The place after a key: the next, the one before, the first, the last; null: the key leads nowhere. */
export function stepped(key: string, at: number, count: number, way: "across" | "down"): number | null {
  if (count === 0) return null;
  const [forward, back] = way === "across" ? ["ArrowRight", "ArrowLeft"] : ["ArrowDown", "ArrowUp"];
  if (key === forward) return Math.min(at + 1, count - 1);
  if (key === back) return Math.max(at - 1, 0);
  if (key === "Home") return 0;
  return key === "End" ? count - 1 : null;
}
