// The one venue of the page: everything that talks to it, put together here and nowhere else.
import { Client } from "./client.ts";
import { Session } from "./session.ts";

export const client = new Client();
export const session = new Session(client);
