// Under the ticket: what one holds of the stock, and one's open orders in it, those on their way first.
import type { Order } from "../../model/account.ts";
import { parseMoney } from "../../model/money.ts";
import { type Position, positionOf } from "../../model/portfolio.ts";
import { type Quantity, showCount, showQuantity } from "../../model/quantity.ts";
import type { Stock } from "../../model/stock.ts";
import { atPrice } from "../../model/words.ts";
import { notify } from "../../ui/notifications.ts";
import { Button, IconButton } from "../../ui/parts/Button.tsx";
import { Amount, Change, Shares, SideBadge } from "../../ui/parts/Figures.tsx";
import { Failed, Loading } from "../../ui/parts/State.tsx";
import { useAccount } from "../../venue/hooks.ts";
import type { PendingOrder } from "../../venue/pending.ts";
import { sentenceOf } from "../../venue/problem.ts";
import { pendingOrders } from "../../venue/venue.ts";
import { useCancel } from "../orders/cancelling.ts";
import { pathTo } from "../routes.ts";
import { outcomeOf } from "./outcome.ts";
import "./ticket.css";

/** These rows are drawn again with every price of the stock, so that thousands of them would stop the page. */
const MOST_SHOWN = 20;

export function OwnOrders({ stock }: { readonly stock: Stock }) {
  const account = useAccount();
  if (account.kind === "loading") return <Loading what="your orders" />;
  if (account.kind === "failed") return <Failed error={account.error} />;
  const holding = account.value.holdings.find((each) => each.stock === stock.stock);
  const orders = account.value.orders.filter((order) => order.stock === stock.stock);
  const pending = pendingOrders.all.value.filter(({ request }) => request.stock === stock.stock);
  return (
    <div class="own-orders stack">
      {holding && <Held position={positionOf(holding, stock)} />}
      {orders.length + pending.length === 0 ? (
        <p class="muted">No open orders in {stock.name}.</p>
      ) : (
        <ul aria-label="Your open orders">
          {pending.map((each) => (
            <OnItsWay key={each.request.client_order_id} pending={each} name={stock.name} />
          ))}
          {orders.slice(0, MOST_SHOWN).map((order) => (
            <OpenOrder key={order.order} order={order} />
          ))}
        </ul>
      )}
      {orders.length > MOST_SHOWN && (
        <p class="muted">
          {showCount(orders.length - MOST_SHOWN)} older ones are open too.{" "}
          <a href={pathTo("orders")}>See all your orders</a>
        </p>
      )}
    </div>
  );
}

function Held({ position }: { readonly position: Position }) {
  if (position.quantity === 0) return null;
  return (
    <dl class="facts">
      <div>
        <dt>You hold</dt>
        <dd>
          <Shares of={position.quantity} /> at <Amount of={position.averageCost} />
        </dd>
      </div>
      <div>
        <dt>Profit, not realised</dt>
        <dd>
          <Change of={position.unrealised} />
        </dd>
      </div>
    </dl>
  );
}

function OpenOrder({ order }: { readonly order: Order }) {
  const what = `${order.side} ${showQuantity(order.remaining)} ${atPrice(order.price)}`;
  const { cancel, busy } = useCancel(order, what);
  return (
    <li>
      <SideBadge side={order.side} />
      <span class="figure">
        {showQuantity(order.remaining)}
        {order.filled > 0 && <span class="muted"> of {showQuantity(order.quantity)}</span>}
        {` ${atPrice(order.price)}`}
      </span>
      {busy ? (
        <span class="muted">Cancelling…</span>
      ) : (
        <IconButton icon="close" label={`Cancel ${what}`} onPress={cancel} />
      )}
    </li>
  );
}

const STATES = {
  sending: "Sending…",
  asking: "Asking whether it arrived…",
  missing: "It did not arrive.",
} as const;

function OnItsWay({ pending, name }: { readonly pending: PendingOrder; readonly name: string }) {
  const { request, state } = pending;
  async function again(): Promise<void> {
    try {
      const order = await pendingOrders.sendAgain(request.client_order_id);
      if (order !== null) notify(outcomeOf(order, name));
    } catch (error) {
      notify(sentenceOf(error), "error");
    }
  }
  return (
    <li data-pending="">
      <SideBadge side={request.side} />
      <span class="figure">
        {showQuantity(request.quantity as Quantity)}{" "}
        {atPrice(request.price === undefined ? null : parseMoney(request.price))}
      </span>
      <span class="muted">{STATES[state]}</span>
      {state === "missing" && (
        <span class="row">
          <Button onPress={() => void again()}>Send again</Button>
          <Button kind="quiet" onPress={() => pendingOrders.letGo(request.client_order_id)}>
            Let go
          </Button>
        </span>
      )}
    </li>
  );
}
