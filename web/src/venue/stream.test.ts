// The stream over transports in memory, which say what the test lets them say.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StockId } from "../model/ids.ts";
import type { DataMessage, Subscription } from "./messages.ts";
import { Stream } from "./stream.ts";
import type { OpenTransport, TransportEvents } from "./transports/transport.ts";

const DEPTH: Subscription = { channel: "depth", stock: "1" as StockId, levels: 50 };

class Wire {
  readonly asked: string[] = [];
  closed = false;
  readonly way: number;
  readonly events: TransportEvents;

  constructor(way: number, events: TransportEvents) {
    this.way = way;
    this.events = events;
  }

  say(type: "snapshot" | "update", number: number, previous?: number): void {
    this.events.message({ type, channel: "depth", stock: "1" as StockId, number, previous, data: number });
  }

  beat(): void {
    this.events.message({ type: "heartbeat", number: 0, time: "", views_lag: 0 });
  }
}

let wires: Wire[];
let stream: Stream;
let taken: number[];

function newest(): Wire {
  const wire = wires.at(-1);
  if (wire === undefined) throw new Error("no transport was opened");
  return wire;
}

function way(number: number): OpenTransport {
  return (events) => {
    const wire = new Wire(number, events);
    wires.push(wire);
    return {
      subscribe: ({ channel }, after) =>
        wire.asked.push(after === null ? channel : `${channel} after ${after}`),
      unsubscribe: ({ channel }) => wire.asked.push(`no ${channel}`),
      close: () => {
        wire.closed = true;
      },
    };
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  taken = [];
  stream = new Stream([way(0), way(1), way(2)]);
  stream.subscribe(DEPTH, {
    message: ({ number }: DataMessage) => taken.push(number),
    problem: () => undefined,
  });
  stream.start();
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
});

describe("the stream", () => {
  test("subscribes when it is open, and hands on messages in their row", () => {
    newest().events.opened();
    newest().say("snapshot", 5);
    newest().say("update", 7, 5);
    expect(newest().asked).toEqual(["depth"]);
    expect(taken).toEqual([5, 7]);
    expect(stream.state.value).toBe("live");
  });

  test("asks for a snapshot once where a message is missing, and shows nothing until it is there", () => {
    newest().events.opened();
    newest().say("snapshot", 5);
    newest().say("update", 9, 8);
    newest().say("update", 10, 9);
    expect(newest().asked).toEqual(["depth", "depth"]);
    newest().say("snapshot", 10);
    expect(taken).toEqual([5, 10]);
  });

  test("resumes after the last message when the connection comes back", () => {
    newest().events.opened();
    newest().say("snapshot", 5);
    newest().events.closed();
    expect(stream.state.value).toBe("reconnecting");
    vi.advanceTimersByTime(500);
    newest().events.opened();
    newest().say("update", 6, 5);
    expect(newest().asked).toEqual(["depth after 5"]);
    expect(taken).toEqual([5, 6]);
  });

  test("starts with a snapshot after another one has signed in", () => {
    newest().events.opened();
    newest().say("snapshot", 5);
    stream.restart();
    newest().events.opened();
    expect(wires[0]?.closed).toBe(true);
    expect(newest().asked).toEqual(["depth"]);
  });

  test("falls back to events and to polling, and leaves polling when a WebSocket speaks again", () => {
    for (let closings = 0; closings < 3; closings++) {
      newest().events.closed();
      vi.advanceTimersByTime(1_000);
    }
    expect(wires.map((wire) => wire.way)).toEqual([0, 0, 1, 2]);
    const polling = newest();
    polling.events.opened();
    stream.polled();
    polling.say("snapshot", 0);
    expect(stream.state.value).toBe("polling");
    for (let seconds = 0; seconds < 30; seconds++) {
      vi.advanceTimersByTime(1_000);
      stream.polled();
    }
    newest().events.opened();
    expect([newest().way, polling.closed]).toEqual([0, false]);
    newest().say("snapshot", 12);
    expect([polling.closed, stream.state.value]).toEqual([true, "live"]);
    expect(taken).toEqual([0, 12]);
  });

  test("is stale with an age after silence, and takes a connection for dead after more of it", () => {
    newest().events.opened();
    newest().say("snapshot", 5);
    vi.advanceTimersByTime(14_000);
    expect([stream.state.value, stream.age_ms.value]).toEqual(["stale", 14_000]);
    newest().beat();
    expect([stream.state.value, stream.age_ms.value]).toEqual(["live", null]);
    vi.advanceTimersByTime(27_000);
    expect(wires).toHaveLength(2);
  });

  test("does nothing offline, and connects at once when the network is back", () => {
    newest().events.opened();
    stream.networkLost();
    vi.advanceTimersByTime(60_000);
    expect([stream.state.value, wires.length]).toEqual(["offline", 1]);
    stream.networkBack();
    expect(wires).toHaveLength(2);
  });

  test("tells the venue that a channel is no longer wanted, and drops what still comes of it", () => {
    newest().events.opened();
    const leave = stream.subscribe(
      { channel: "prices" },
      { message: ({ number }) => taken.push(number), problem: () => undefined },
    );
    leave();
    newest().events.message({ type: "snapshot", channel: "prices", number: 3, data: [] });
    expect(newest().asked).toEqual(["depth", "prices", "no prices"]);
    expect(taken).toEqual([]);
  });
});
