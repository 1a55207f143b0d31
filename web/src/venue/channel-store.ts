// One channel of the stream as a signal: subscribed while somebody uses it, shown once per frame.
import type { ReadonlySignal } from "@preact/signals";
import { FrameSignal } from "./frame.ts";
import type { DataMessage, Subscription } from "./messages.ts";
import type { Refused } from "./problem.ts";
import type { Stream } from "./stream.ts";

export type Loadable<T> =
  | { readonly kind: "loading" }
  | { readonly kind: "here"; readonly value: T }
  | { readonly kind: "failed"; readonly error: unknown };

/** How messages become a value. They throw where the data is not what the contract says. */
export interface Reading<T> {
  snapshot(data: unknown, before: T | null): T;
  update(value: T, data: unknown): T;
  /** The venue does not give the channel, or no longer. */
  refused?(problem: Refused): void;
}

const LOADING = { kind: "loading" } as const;

export class ChannelStore<T> {
  readonly #stream: Stream;
  readonly #subscription: Subscription;
  readonly #reading: Reading<T>;
  readonly #state = new FrameSignal<Loadable<T>>(LOADING);
  #users = 0;
  #leave: (() => void) | null = null;

  constructor(stream: Stream, subscription: Subscription, reading: Reading<T>) {
    this.#stream = stream;
    this.#subscription = subscription;
    this.#reading = reading;
  }

  get state(): ReadonlySignal<Loadable<T>> {
    return this.#state.shown;
  }

  /** The newest value whether shown yet or not; null: there is none. */
  get latest(): T | null {
    const state = this.#state.latest;
    return state.kind === "here" ? state.value : null;
  }

  /** Keep it up to date until the function that is returned is called. */
  use(): () => void {
    this.#users += 1;
    if (this.#users === 1) this.#enter();
    let done = false;
    return () => {
      if (done) return;
      done = true;
      this.#users -= 1;
      if (this.#users === 0) this.#exit();
    };
  }

  #enter(): void {
    this.#state.set(LOADING);
    this.#leave = this.#stream.subscribe(this.#subscription, {
      message: (message) => this.#take(message),
      problem: (problem) => {
        this.#state.set({ kind: "failed", error: problem });
        this.#reading.refused?.(problem);
      },
    });
  }

  #exit(): void {
    this.#leave?.();
    this.#leave = null;
    this.#state.set(LOADING);
  }

  #take({ type, data }: DataMessage): void {
    const before = this.latest;
    try {
      if (type === "snapshot") this.#here(this.#reading.snapshot(data, before));
      else if (before !== null) this.#here(this.#reading.update(before, data));
    } catch (error) {
      this.#state.set({ kind: "failed", error });
    }
  }

  #here(value: T): void {
    this.#state.set({ kind: "here", value });
  }
}
