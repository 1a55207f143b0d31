// The state of the connection, as people see it in the bar. What may follow what is this table, and nothing else.
//
// Only `live` and `polling` show what is true now. In every other state what is shown has an age.

export type ConnectionState = "connecting" | "live" | "stale" | "reconnecting" | "polling" | "offline";

export type ConnectionEvent =
  /** A stream has said something. */
  | "heard"
  /** A round of polling has been answered. */
  | "polled"
  /** Nothing was heard for longer than heartbeats take. */
  | "silent"
  /** The stream has ended, or polling has failed. */
  | "closed"
  /** The browser says that it has no network, or has it again. */
  | "network_lost"
  | "network_back";

type Row = Readonly<Partial<Record<ConnectionEvent, ConnectionState>>>;

/** An event that a state does not list changes nothing. */
export const CONNECTION: Readonly<Record<ConnectionState, Row>> = {
  connecting: { heard: "live", polled: "polling", closed: "reconnecting", network_lost: "offline" },
  live: { silent: "stale", closed: "reconnecting", network_lost: "offline" },
  stale: { heard: "live", polled: "polling", closed: "reconnecting", network_lost: "offline" },
  reconnecting: { heard: "live", polled: "polling", network_lost: "offline" },
  polling: { heard: "live", silent: "stale", closed: "reconnecting", network_lost: "offline" },
  offline: { network_back: "connecting" },
};

export function nextState(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  return CONNECTION[state][event] ?? state;
}

export function isFresh(state: ConnectionState): boolean {
  return state === "live" || state === "polling";
}
