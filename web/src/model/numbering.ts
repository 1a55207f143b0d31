// Whether a message of a channel follows the one before it. A gap means: what is shown may be wrong, subscribe anew.

export interface Numbered {
  readonly type: "snapshot" | "update";
  readonly number: number;
  /** The number of the message before it in the channel; updates alone have one. */
  readonly previous?: number | undefined;
}

export type Standing = "take" | "gap" | "old";

/** `last` is the number of the last message taken; null: none yet, so that only a snapshot can be taken. */
export function standingOf(message: Numbered, last: number | null): Standing {
  if (message.type === "snapshot") return "take";
  if (last === null) return "gap";
  if (message.number <= last) return "old";
  return message.previous === last ? "take" : "gap";
}
