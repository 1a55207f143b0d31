// Messages over a WebSocket.
import { messageIn, type Subscription } from "../messages.ts";
import type { OpenTransport } from "./transport.ts";

/** A handshake that takes longer is as good as blocked. */
const OPENING_MS = 8_000;

export function overWebSocket(address: string): OpenTransport {
  return (events) => {
    const socket = new WebSocket(address);
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(patience);
      socket.close();
    };
    const fail = () => {
      if (over) return;
      end();
      events.closed();
    };
    const patience = setTimeout(fail, OPENING_MS);
    socket.onopen = () => {
      clearTimeout(patience);
      if (!over) events.opened();
    };
    socket.onclose = fail;
    socket.onmessage = ({ data }) => {
      if (over || typeof data !== "string") return;
      const message = messageIn(data);
      if (message !== null) events.message(message);
    };
    const say = (op: string, subscription: Subscription, after: number | null = null) => {
      if (socket.readyState !== WebSocket.OPEN) return;
      socket.send(JSON.stringify({ op, ...subscription, ...(after !== null && { after }) }));
    };
    return {
      subscribe: (subscription, after) => say("subscribe", subscription, after),
      unsubscribe: (subscription) => say("unsubscribe", identityOf(subscription)),
      close: end,
    };
  };
}

/** Without what a subscription asks for beyond its name. */
function identityOf(subscription: Subscription): Subscription {
  if (subscription.channel !== "depth") return subscription;
  const { levels: _, ...identity } = subscription;
  return identity as Subscription;
}
