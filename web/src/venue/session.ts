// Who is signed in. The tokens are in cookies that the page cannot read; the CSRF token is kept in memory alone.
//
//   unknown ──restore──> none | open      none ──sign in──> open      open ──sign out──> none
//   open ──renewal refused──> expired ──sign in──> open               (pages stay as they are meanwhile)
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { Client, Renewal } from "./client.ts";
import { Refused } from "./problem.ts";
import type { WireUser, WireWebSession } from "./wire.ts";

export type SessionState =
  | { readonly kind: "unknown" }
  | { readonly kind: "none" }
  | { readonly kind: "open"; readonly user: WireUser }
  | { readonly kind: "expired"; readonly user: WireUser };

const PATH = "/v1/web/session";
/** A session is renewed when this part of its life is over. */
const RENEWED_AT = 0.8;
const RETRY_MS = 5_000;
const FRESH_MS = 5_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Session {
  readonly #client: Client;
  readonly #state = signal<SessionState>({ kind: "unknown" });
  readonly #opened = signal(0);
  #openedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewal: Promise<Renewal> | null = null;

  constructor(client: Client) {
    this.#client = client;
    client.renew = () => this.#renewed();
  }

  get state(): ReadonlySignal<SessionState> {
    return this.#state;
  }

  /** How often a session was opened or renewed: what was opened under its old cookie has to be opened anew. */
  get opened(): ReadonlySignal<number> {
    return this.#opened;
  }

  /** Something else has heard that the session is over: renew it, unless it is so fresh that this cannot help. */
  doubted(): void {
    if (Date.now() - this.#openedAt > FRESH_MS) void this.#renewed();
  }

  /** Find out who is signed in, after the page was loaded. Throws where the venue cannot say. */
  async restore(): Promise<void> {
    try {
      this.#open(await this.#client.once<WireWebSession>({ method: "GET", path: PATH }));
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500 || error.status === 429) throw error;
      this.#close();
    }
  }

  async signIn(user_name: string, password: string): Promise<void> {
    this.#open(
      await this.#client.once<WireWebSession>({ method: "POST", path: PATH, body: { user_name, password } }),
    );
  }

  /** Register and sign in. */
  async register(user_name: string, password: string, name: string): Promise<void> {
    await this.#client.once({ method: "POST", path: "/v1/users", body: { user_name, password, name } });
    await this.signIn(user_name, password);
  }

  /** Every other session ends; this one goes on under new cookies. */
  async changePassword(old_password: string, new_password: string): Promise<void> {
    const body = { old_password, new_password };
    this.#open(await this.#client.post<WireWebSession>("/v1/web/password", body));
  }

  /** The page forgets the session whatever the venue answers; its cookies end by themselves. */
  async signOut(): Promise<void> {
    try {
      await this.#client.delete<null>(PATH);
    } finally {
      this.#close();
    }
  }

  /** The person does not want the expired session back. */
  forget(): void {
    this.#close();
  }

  #open({ user, csrf_token, expires_in_s }: WireWebSession): void {
    this.#client.csrfToken = csrf_token;
    this.#openedAt = Date.now();
    batch(() => {
      this.#state.value = { kind: "open", user };
      this.#opened.value = this.#opened.peek() + 1;
    });
    clearTimeout(this.#timer);
    const renew_ms = Math.min(expires_in_s * 1_000 * RENEWED_AT, LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => void this.#renewed(), renew_ms);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#client.csrfToken = null;
    this.#state.value = { kind: "none" };
  }

  /** Renew once for all who ask at the same time. */
  #renewed(): Promise<Renewal> {
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = null;
    });
    return this.#renewal;
  }

  /**
   * Another tab may have renewed or signed in as somebody else: where renewing is refused, the venue is asked who
   * is signed in now. What was asked in the old user's name is not asked again in the new one's.
   */
  async #renew(): Promise<Renewal> {
    const before = this.#state.value;
    if (before.kind !== "open") return "ended";
    try {
      const now = await this.#refreshed();
      this.#open(now);
      return now.user.account === before.user.account ? "renewed" : "ended";
    } catch (error) {
      clearTimeout(this.#timer);
      if (isRefusal(error)) {
        this.#client.csrfToken = null;
        this.#state.value = { kind: "expired", user: before.user };
        return "ended";
      }
      this.#timer = setTimeout(() => void this.#renewed(), RETRY_MS);
      return "unknown";
    }
  }

  async #refreshed(): Promise<WireWebSession> {
    try {
      return await this.#client.once<WireWebSession>({ method: "POST", path: `${PATH}/refresh` });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return this.#client.once<WireWebSession>({ method: "GET", path: PATH });
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Refused && (error.status === 401 || error.status === 403);
}
