// How the page is connected: a shape and words beside the colour, with the age of what is shown where it is old.
import { useEffect } from "preact/hooks";
import { showAge } from "../../model/time.ts";
import type { ConnectionState } from "../../venue/connection.ts";
import { announce } from "../announce.ts";

interface Look {
  readonly words: string;
  readonly tone?: "warn" | "error";
  /** Of the mark: full, half, empty. */
  readonly mark: "●" | "◐" | "○";
  readonly told: string;
}

const LOOKS: Readonly<Record<ConnectionState, Look>> = {
  connecting: { words: "Connecting", mark: "◐", told: "" },
  live: { words: "Live", mark: "●", told: "Prices are live." },
  polling: { words: "Every second", mark: "●", told: "Prices are fetched every second." },
  stale: { words: "No news", tone: "warn", mark: "◐", told: "No news from the venue. Prices may be old." },
  reconnecting: {
    words: "Reconnecting",
    tone: "warn",
    mark: "◐",
    told: "The connection is lost. Reconnecting.",
  },
  offline: { words: "Offline", tone: "error", mark: "○", told: "You are offline. Prices are old." },
};

interface ConnectionBadgeProps {
  readonly state: ConnectionState;
  readonly age_ms: number | null;
}

export function ConnectionBadge({ state, age_ms }: ConnectionBadgeProps) {
  const { words, tone, mark, told } = LOOKS[state];
  useEffect(() => {
    if (told !== "") announce(told);
  }, [told]);
  const text = age_ms !== null && tone !== undefined ? `${words}, ${showAge(age_ms)}` : words;
  return (
    <span class="connection" data-tone={tone} title={told || words}>
      <span aria-hidden="true">{mark}</span>
      <span class="words">{text}</span>
    </span>
  );
}
