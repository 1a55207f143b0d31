// What can go wrong between the page and the venue:
//
//   VenueError
//   ├── Refused       the venue has answered no, with its own sentence (RFC 9457)
//   ├── NoAnswer      nothing came back: whether it was done is unknown
//   └── SessionEnded  the session is over and could not be renewed; nothing was done
import type { WireProblem } from "./wire.ts";

export abstract class VenueError extends Error {
  /** What to show a person: a sentence that says what to do. */
  get sentence(): string {
    return this.message;
  }
}

export class Refused extends VenueError {
  readonly problem: WireProblem;
  /** When the venue says that trying again makes sense; null where it does not say. */
  readonly retryAfter_s: number | null;

  constructor(problem: WireProblem, retryAfter_s: number | null = null) {
    super(problem.detail);
    this.name = "Refused";
    this.problem = problem;
    this.retryAfter_s = retryAfter_s;
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

export class NoAnswer extends VenueError {
  constructor(detail = "The venue does not answer. Check the connection; the page keeps trying.") {
    super(detail);
    this.name = "NoAnswer";
  }
}

export class SessionEnded extends VenueError {
  constructor() {
    super("The session has ended. Sign in again; what you have typed is kept.");
    this.name = "SessionEnded";
  }
}

/** Whether a command that failed so may have been carried out all the same. */
export function mayHaveHappened(error: unknown): boolean {
  if (error instanceof Refused) return error.status >= 500 || error.status === 408;
  return !(error instanceof SessionEnded);
}

/** The sentence to show for any failure. */
export function sentenceOf(error: unknown): string {
  if (error instanceof VenueError) return error.sentence;
  return "The page failed at this. Load it again; if it stays so, tell the operator.";
}
