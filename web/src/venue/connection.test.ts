import { describe, expect, test } from "vitest";
import { wait_ms } from "./backoff.ts";
import { CONNECTION, type ConnectionEvent, type ConnectionState, isFresh, nextState } from "./connection.ts";

function stateAfter(...events: readonly ConnectionEvent[]): ConnectionState {
  return events.reduce(nextState, "connecting" as ConnectionState);
}

describe("the connection", () => {
  test("goes live, stale after silence, and live again", () => {
    expect(stateAfter("heard", "silent")).toBe("stale");
    expect(stateAfter("heard", "silent", "heard")).toBe("live");
  });

  test("is no longer fresh from the moment it closes until something is heard", () => {
    expect(isFresh(stateAfter("heard", "closed"))).toBe(false);
    expect(isFresh(stateAfter("heard", "closed", "silent", "closed"))).toBe(false);
    expect(isFresh(stateAfter("heard", "closed", "polled"))).toBe(true);
  });

  test("leaves polling for a stream", () => {
    expect(stateAfter("closed", "polled", "heard")).toBe("live");
  });

  test("is offline until the network is back, whatever else happens", () => {
    expect(stateAfter("heard", "network_lost", "heard", "closed", "polled")).toBe("offline");
    expect(stateAfter("heard", "network_lost", "network_back")).toBe("connecting");
  });

  test("can lose the network in every state but that", () => {
    for (const [state, row] of Object.entries(CONNECTION)) {
      expect(row.network_lost).toBe(state === "offline" ? undefined : "offline");
    }
  });
});

test("waits double up to a bound, at random between half and whole", () => {
  const backoff = { first_ms: 100, most_ms: 1_000 };
  expect([1, 2, 3, 4, 5, 99].map((failures) => wait_ms(backoff, failures, 1))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
  expect(wait_ms(backoff, 3, 0)).toBe(200);
});
