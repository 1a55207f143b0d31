// Signals that change once per frame however often they are set, so that a fast market costs a slow page nothing.
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";

const HIDDEN_FRAME_MS = 250;

const waiting = new Map<object, () => void>();
let asked = false;

export class FrameSignal<T> {
  readonly #shown: Signal<T>;
  #latest: T;

  constructor(value: T) {
    this.#shown = signal(value);
    this.#latest = value;
  }

  /** What the page shows; changes with the frames. */
  get shown(): ReadonlySignal<T> {
    return this.#shown;
  }

  /** The newest value, shown or not yet. */
  get latest(): T {
    return this.#latest;
  }

  set(value: T): void {
    this.#latest = value;
    waiting.set(this, () => {
      this.#shown.value = this.#latest;
    });
    if (!asked) ask();
  }
}

function ask(): void {
  asked = true;
  // A hidden page has no frames, but its title and its notifications go on.
  if (typeof document === "undefined" || document.hidden) setTimeout(flush, HIDDEN_FRAME_MS);
  else requestAnimationFrame(flush);
}

function flush(): void {
  asked = false;
  const changes = [...waiting.values()];
  waiting.clear();
  batch(() => {
    for (const change of changes) change();
  });
}
