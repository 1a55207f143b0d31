// Requests to the venue: the cookie is the session, failures are typed, and reads are tried again.
//
// A write is sent once. Only an answer that says that nothing was done (the session or its CSRF token is no
// longer good) lets it be sent again, after the session was renewed.
import { type Backoff, pause, wait_ms } from "./backoff.ts";
import { NoAnswer, Refused, SessionEnded } from "./problem.ts";
import type { WireProblem } from "./wire.ts";

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Whether the session goes on; unknown: the venue could not say. */
export type Renewal = "renewed" | "ended" | "unknown";

interface Request {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text that is not JSON. */
  readonly accept?: string;
}

const READ_TRIES = 3;
const READ_BACKOFF: Backoff = { first_ms: 300, most_ms: 2_000 };
const NOT_DONE = new Set(["token_invalid", "csrf_failed"]);

export class Client {
  /** Of the session; sent with every write. */
  csrfToken: string | null = null;
  /** Called where the session is no longer good. */
  renew: (() => Promise<Renewal>) | null = null;

  readonly #base: string;
  readonly #timeout_ms: number;

  constructor(base = "", timeout_ms = 10_000) {
    this.#base = base;
    this.#timeout_ms = timeout_ms;
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    const request: Request = { method: "GET", path: addressOf(path, query) };
    for (let failures = 1; ; failures++) {
      try {
        return await this.#ask<T>(request);
      } catch (error) {
        if (failures === READ_TRIES || !worthAnotherTry(error)) throw error;
        await pause(retryAfter_ms(error) ?? wait_ms(READ_BACKOFF, failures));
      }
    }
  }

  /** The answer as it is, for files. */
  text(path: string, query: Query = {}): Promise<string> {
    return this.#ask<string>({ method: "GET", path: addressOf(path, query), accept: "text/csv" });
  }

  post<T>(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.#ask<T>({ method: "POST", path, body, headers });
  }

  patch<T>(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.#ask<T>({ method: "PATCH", path, body, headers });
  }

  delete<T>(path: string, query: Query = {}): Promise<T> {
    return this.#ask<T>({ method: "DELETE", path: addressOf(path, query) });
  }

  /** As it is, without renewing: for the session's own requests. */
  once<T>(request: Request): Promise<T> {
    return this.#send<T>(request);
  }

  async #ask<T>(request: Request): Promise<T> {
    try {
      return await this.#send<T>(request);
    } catch (error) {
      if (!(error instanceof Refused) || !NOT_DONE.has(error.code) || this.renew === null) throw error;
      const renewal = await this.renew();
      if (renewal === "ended") throw new SessionEnded();
      if (renewal === "unknown") throw error;
    }
    return this.#send<T>(request);
  }

  async #send<T>({ method, path, body, headers, accept }: Request): Promise<T> {
    const response = await this.#fetch(path, {
      method,
      headers: {
        Accept: accept ?? "application/json",
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(method !== "GET" && this.csrfToken !== null && { "X-CSRF-Token": this.csrfToken }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(this.#timeout_ms),
    });
    if (response.ok) return (await (accept === undefined ? bodyOf(response) : response.text())) as T;
    throw await refusalOf(response);
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.#base + path, init);
    } catch {
      throw new NoAnswer();
    }
  }
}

function addressOf(path: string, query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

async function bodyOf(response: Response): Promise<unknown> {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch {
    throw new NoAnswer("The venue's answer broke off. Check whether it was done before you try again.");
  }
}

async function refusalOf(response: Response): Promise<Error> {
  const after = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  const problem = await problemOf(response);
  return new Refused(problem, Number.isNaN(after) ? null : after);
}

async function problemOf(response: Response): Promise<WireProblem> {
  try {
    const body: unknown = await response.json();
    if (isProblem(body)) return body;
  } catch {
    // Something between the page and the venue has answered in its own way.
  }
  return {
    type: "about:blank",
    title: "The venue cannot be reached",
    status: response.status,
    detail: `The venue cannot be reached (${response.status}). Try again in a moment.`,
    code: "unreachable",
    request_id: response.headers.get("X-Request-Id"),
  };
}

function isProblem(body: unknown): body is WireProblem {
  return typeof body === "object" && body !== null && "code" in body && "detail" in body && "status" in body;
}

function worthAnotherTry(error: unknown): boolean {
  return (
    error instanceof NoAnswer || (error instanceof Refused && [429, 502, 503, 504].includes(error.status))
  );
}

function retryAfter_ms(error: unknown): number | null {
  if (!(error instanceof Refused) || error.retryAfter_s === null) return null;
  return Math.min(error.retryAfter_s, 5) * 1_000;
}
