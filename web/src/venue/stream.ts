// The stream of the venue: subscriptions that outlive connections.
//
// It opens a WebSocket; where none can be had, an event stream; where that is blocked, it polls, and keeps looking
// for a stream meanwhile. A message out of its row makes its channel start anew with a snapshot, so that nothing is
// ever shown that missed something.
import { type ReadonlySignal, signal } from "@preact/signals";
import { standingOf } from "../model/numbering.ts";
import { type Instant, now } from "../model/time.ts";
import { type Backoff, wait_ms } from "./backoff.ts";
import { type ConnectionEvent, type ConnectionState, isFresh, nextState } from "./connection.ts";
import { type DataMessage, keyOf, type Subscription, type VenueMessage } from "./messages.ts";
import { Refused } from "./problem.ts";
import type { OpenTransport, Transport } from "./transports/transport.ts";

export interface StreamListener {
  message(message: DataMessage): void;
  problem(problem: Refused): void;
}

/** The ways to the venue, the best first; the last one is polling. */
export type Ways = readonly [websocket: OpenTransport, events: OpenTransport, polling: OpenTransport];

interface Channel {
  readonly subscription: Subscription;
  readonly listener: StreamListener;
  last: number | null;
}

interface Attempt {
  readonly way: number;
  transport: Transport | null;
  ready: boolean;
  heard: boolean;
}

const POLLING = 2;
/** A WebSocket gets a second try; what is blocked for one is most often blocked for good. */
const TRIES = [2, 1, 1] as const;
const BACKOFF: Backoff = { first_ms: 500, most_ms: 15_000 };
/** Heartbeats come every few seconds: nothing for so long means stale, for longer that the connection is dead. */
const STALE_MS = 12_000;
const DEAD_MS = 25_000;
const LOOK_AGAIN_MS = 30_000;
const TICK_MS = 1_000;

export class Stream {
  readonly #ways: Ways;
  readonly #channels = new Map<string, Channel>();
  readonly #state = signal<ConnectionState>("connecting");
  readonly #age_ms = signal<number | null>(null);
  #heardAt: Instant = now();
  #active: Attempt | null = null;
  /** A stream that is tried while polling goes on. */
  #candidate: Attempt | null = null;
  #way = 0;
  /** Since something was heard, and of the way in use. */
  #failures = 0;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lookAgain: ReturnType<typeof setTimeout> | undefined;
  #ticker: ReturnType<typeof setInterval> | undefined;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  get state(): ReadonlySignal<ConnectionState> {
    return this.#state;
  }

  /** How old what is shown is, each second; null while it is fresh. */
  get age_ms(): ReadonlySignal<number | null> {
    return this.#age_ms;
  }

  /** Listen to a channel until the function that is returned is called. One listener a channel. */
  subscribe(subscription: Subscription, listener: StreamListener): () => void {
    const key = keyOf(subscription);
    const channel: Channel = { subscription, listener, last: null };
    this.#channels.set(key, channel);
    for (const attempt of this.#ready()) attempt.transport?.subscribe(subscription, null);
    return () => {
      if (this.#channels.get(key) !== channel) return;
      this.#channels.delete(key);
      for (const attempt of this.#ready()) attempt.transport?.unsubscribe(subscription);
    };
  }

  start(): void {
    this.#ticker ??= setInterval(() => this.#tick(), TICK_MS);
    if (this.#active === null) this.#connect();
  }

  stop(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
    this.#drop();
  }

  /** Connect anew, because who is signed in has changed: nothing is resumed. */
  restart(): void {
    for (const channel of this.#channels.values()) channel.last = null;
    this.#again();
  }

  /** Connect anew for the same account, whose session was renewed: every channel resumes. */
  reopen(): void {
    this.#again();
  }

  networkLost(): void {
    this.#drop();
    this.#happens("network_lost");
  }

  networkBack(): void {
    this.#happens("network_back");
    this.#again();
  }

  /** The page is seen again: what slept too long does not wait for its timers. */
  woken(): void {
    if (this.#state.peek() !== "offline" && now() - this.#heardAt > STALE_MS) this.#again();
  }

  /** A round of polling was answered. */
  polled(): void {
    this.#hear("polled");
  }

  #again(): void {
    this.#drop();
    this.#goBy(0);
    this.#failures = 0;
    if (this.#state.peek() !== "offline") this.#connect();
  }

  #drop(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#lookAgain);
    this.#active?.transport?.close();
    this.#candidate?.transport?.close();
    this.#active = null;
    this.#candidate = null;
  }

  #connect(): void {
    this.#active = this.#open(this.#way);
    if (this.#way === POLLING) this.#lookForStream();
  }

  #open(way: number): Attempt {
    const attempt: Attempt = { way, transport: null, ready: false, heard: false };
    const open = this.#ways[way] ?? this.#ways[POLLING];
    attempt.transport = open({
      opened: () => {
        attempt.ready = true;
        for (const channel of this.#channels.values()) this.#ask(attempt, channel);
      },
      message: (message) => this.#take(attempt, message),
      closed: () => this.#closed(attempt),
    });
    return attempt;
  }

  /** Only a stream that is alone can resume: what came by polling has no numbers. */
  #ask(attempt: Attempt, channel: Channel): void {
    const resumes =
      attempt.way === 0 && attempt === this.#active && channel.last !== null && channel.last > 0;
    attempt.transport?.subscribe(channel.subscription, resumes ? channel.last : null);
  }

  #ready(): readonly Attempt[] {
    return [this.#active, this.#candidate].filter((each): each is Attempt => each?.ready === true);
  }

  #take(attempt: Attempt, message: VenueMessage): void {
    if (attempt === this.#candidate) this.#promote(attempt);
    if (attempt !== this.#active) return;
    attempt.heard = true;
    this.#failures = 0;
    if (attempt.way !== POLLING) this.#hear("heard");
    if (message.type === "snapshot" || message.type === "update") this.#deliver(attempt, message);
    else if (message.type === "problem" && message.channel !== undefined) {
      this.#channels.get(keyOf(message))?.listener.problem(new Refused(message.problem));
    }
  }

  #deliver(attempt: Attempt, message: DataMessage): void {
    const channel = this.#channels.get(keyOf(message));
    if (channel === undefined) return;
    const standing = standingOf(message, channel.last);
    if (standing === "take") {
      channel.last = message.number;
      channel.listener.message(message);
    } else if (standing === "gap" && channel.last !== null) {
      // Asked once; until the snapshot is here every update is out of its row.
      channel.last = null;
      this.#ask(attempt, channel);
    }
  }

  #promote(attempt: Attempt): void {
    this.#active?.transport?.close();
    clearTimeout(this.#lookAgain);
    this.#active = attempt;
    this.#candidate = null;
    this.#goBy(attempt.way);
    for (const channel of this.#channels.values()) channel.last = null;
  }

  #lookForStream(): void {
    clearTimeout(this.#lookAgain);
    this.#lookAgain = setTimeout(() => {
      if (this.#candidate === null) this.#candidate = this.#open(0);
      this.#lookForStream();
    }, LOOK_AGAIN_MS);
  }

  #closed(attempt: Attempt): void {
    if (attempt === this.#candidate) {
      this.#candidate = null;
      return;
    }
    if (attempt !== this.#active) return;
    this.#drop();
    this.#happens("closed");
    this.#failures += 1;
    // A way that never spoke may be blocked; a failed poll says that the venue is away, so start over.
    if (attempt.way === POLLING || attempt.heard) this.#goBy(0);
    else if (++this.#tries >= (TRIES[attempt.way] ?? 1)) this.#goBy(attempt.way + 1);
    const wait =
      this.#tries === 0 && attempt.way !== POLLING ? BACKOFF.first_ms : wait_ms(BACKOFF, this.#failures);
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #goBy(way: number): void {
    this.#way = way;
    this.#tries = 0;
  }

  #hear(event: "heard" | "polled"): void {
    this.#heardAt = now();
    if (event === "polled") this.#failures = 0;
    this.#happens(event);
  }

  #tick(): void {
    const silence_ms = now() - this.#heardAt;
    if (silence_ms > STALE_MS) this.#happens("silent");
    if (silence_ms > DEAD_MS && this.#active?.heard === true) {
      const dead = this.#active;
      dead.transport?.close();
      this.#closed(dead);
    }
    this.#age_ms.value = isFresh(this.#state.peek()) ? null : silence_ms;
  }

  #happens(event: ConnectionEvent): void {
    const state = nextState(this.#state.peek(), event);
    this.#state.value = state;
    if (isFresh(state)) this.#age_ms.value = null;
  }
}
