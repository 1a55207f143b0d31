// The client and the session against a small venue over real HTTP.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Client } from "./client.ts";
import { mayHaveHappened, NoAnswer, Refused, SessionEnded } from "./problem.ts";
import { Session } from "./session.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const WEB_SESSION = {
  user: { account: "7", user_name: "ada", name: "Ada", role: "trader", created_at: "", disabled: false },
  csrf_token: "first",
  expires_in_s: 900,
};

let server: Server;
let client: Client;
let asked: string[];
let answers: Record<string, Answer[]>;

/** What a request is answered with, in turn; the last answer stays. */
function answer(request: string, ...those: Answer[]): void {
  answers[request] = those;
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Answer {
  const body = { type: "", title: "", status, detail: `Because of ${code}.`, code, request_id: null };
  return json(status, body, headers);
}

beforeEach(async () => {
  asked = [];
  answers = {};
  server = createServer((request, response) => {
    const name = `${request.method} ${request.url}`;
    asked.push(`${name}${request.headers["x-csrf-token"] ? ` ${request.headers["x-csrf-token"]}` : ""}`);
    const those = answers[name] ?? [problem(404, "unknown_path")];
    const next = those.length > 1 ? those.shift() : those[0];
    next?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 300);
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe("the client", () => {
  test("answers with the body, or throws the venue's sentence", async () => {
    answer("GET /v1/wallet", json(200, { total: "1.00" }));
    expect(await client.get("/v1/wallet")).toEqual({ total: "1.00" });
    await expect(client.get("/v1/nothing")).rejects.toThrow("Because of unknown_path.");
  });

  test("reads again where the venue is busy, but never writes again", async () => {
    answer("GET /v1/wallet", problem(503, "views_behind", { "retry-after": "0" }), json(200, {}));
    answer("POST /v1/orders", problem(503, "queue_full", { "retry-after": "0" }), json(201, {}));
    await client.get("/v1/wallet");
    const refused = await client.post("/v1/orders", {}).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refused);
    expect(mayHaveHappened(refused)).toBe(true);
    expect(asked).toEqual(["GET /v1/wallet", "GET /v1/wallet", "POST /v1/orders"]);
  });

  test("gives up on an answer that does not come: what was asked may have happened", async () => {
    answer("POST /v1/orders", () => undefined);
    const lost = await client.post("/v1/orders", {}).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(NoAnswer);
    expect(mayHaveHappened(lost)).toBe(true);
  });

  test("takes what something on the way has answered for no problem of the venue", async () => {
    answer("GET /v1/me", (_, response) => response.writeHead(403).end("<html>"));
    const refused = await client.get("/v1/me").catch((error: unknown) => error);
    expect(refused instanceof Refused && [refused.code, refused.status]).toEqual(["unreachable", 403]);
  });
});

describe("the session", () => {
  let session: Session;

  beforeEach(async () => {
    session = new Session(client);
    answer("POST /v1/web/session", json(200, WEB_SESSION));
    await session.signIn("ada", "secret");
    asked = [];
  });

  afterEach(() => session.forget());

  test("sends its CSRF token with writes alone", async () => {
    answer("GET /v1/me", json(200, {}));
    answer("POST /v1/orders", json(201, {}));
    await client.get("/v1/me");
    await client.post("/v1/orders", {});
    expect(asked).toEqual(["GET /v1/me", "POST /v1/orders first"]);
  });

  test("is renewed once for all who need it, and what was not done is done then", async () => {
    answer("POST /v1/web/session/refresh", json(200, { ...WEB_SESSION, csrf_token: "second" }));
    answer(
      "POST /v1/orders",
      problem(401, "token_invalid"),
      problem(401, "token_invalid"),
      json(201, "placed"),
    );
    expect(await Promise.all([client.post("/v1/orders", {}), client.post("/v1/orders", {})])).toEqual([
      "placed",
      "placed",
    ]);
    expect(asked.filter((each) => each.includes("refresh"))).toHaveLength(1);
    expect(asked.at(-1)).toBe("POST /v1/orders second");
  });

  test("expires where it cannot be renewed, and keeps who it was", async () => {
    answer("GET /v1/me", problem(401, "token_invalid"));
    answer("POST /v1/web/session/refresh", problem(401, "token_invalid"));
    answer("GET /v1/web/session", problem(401, "token_invalid"));
    await expect(client.get("/v1/me")).rejects.toThrow(SessionEnded);
    expect(session.state.value).toMatchObject({ kind: "expired", user: { user_name: "ada" } });
  });

  test("does not do for another user what was asked for the first", async () => {
    answer("POST /v1/orders", problem(403, "csrf_failed"), json(201, {}));
    answer("POST /v1/web/session/refresh", problem(403, "csrf_failed"));
    const other = { ...WEB_SESSION, user: { ...WEB_SESSION.user, account: "8", user_name: "bob" } };
    answer("GET /v1/web/session", json(200, other));
    await expect(client.post("/v1/orders", {})).rejects.toThrow(SessionEnded);
    expect(asked.filter((each) => each.startsWith("POST /v1/orders"))).toHaveLength(1);
    expect(session.state.value).toMatchObject({ kind: "open", user: { user_name: "bob" } });
  });
});
