// Open orders as they change, and the history of all orders with their executions.
import { useFocusKept } from "../../ui/focus.ts";
import { PageHead, Panel } from "../../ui/parts/Panel.tsx";
import { Aged, Failed, Loading } from "../../ui/parts/State.tsx";
import { useAccount } from "../../venue/hooks.ts";
import { stream } from "../../venue/venue.ts";
import { CancelAll } from "./CancelAll.tsx";
import { History } from "./History.tsx";
import { OpenOrders } from "./OpenOrders.tsx";
import "./orders.css";

export function Orders() {
  const account = useAccount();
  const orders = account.kind === "here" ? account.value.orders : null;
  const frame = useFocusKept<HTMLElement>(orders);
  return (
    <>
      <PageHead title="Orders" />
      <div class="stack">
        <Panel
          frame={frame}
          title={orders === null || orders.length === 0 ? "Open orders" : `Open orders (${orders.length})`}
          tools={orders !== null && orders.length > 0 && <CancelAll count={orders.length} />}
        >
          {account.kind === "loading" && <Loading what="your orders" />}
          {account.kind === "failed" && <Failed error={account.error} />}
          {orders !== null && (
            <Aged age_ms={stream.age_ms.value}>
              <OpenOrders orders={orders} />
            </Aged>
          )}
        </Panel>
        <Panel title="History">
          <History fresh={orders} />
        </Panel>
      </div>
    </>
  );
}
