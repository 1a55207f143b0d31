// What a newcomer does next, until it is done: bring money in, buy.
import type { Account } from "../../model/account.ts";
import { Icon } from "../../ui/parts/Icon.tsx";
import { pathTo } from "../routes.ts";

export function FirstSteps({ account }: { readonly account: Account }) {
  const hasMoney = account.wallet.total > 0n;
  const hasTraded = account.holdings.length > 0 || account.executions.length > 0;
  if (hasTraded) return null;
  const isWaiting = account.orders.length > 0;
  return (
    <section class="first-steps" aria-label="First steps">
      <ol>
        <li data-done={hasMoney ? "" : undefined}>
          <Icon name={hasMoney ? "done" : "wallet"} size={18} />
          <div>
            <strong>Deposit money</strong>
            {hasMoney ? " – done" : <p>It is in your wallet at once, free to spend.</p>}
          </div>
          {!hasMoney && (
            <a class="button" data-kind="primary" href={pathTo("wallet")}>
              Deposit
            </a>
          )}
        </li>
        <li>
          <Icon name="market" size={18} />
          <div>
            <strong>Buy your first shares</strong>
            <p>
              {isWaiting
                ? "Your order waits in the book. When it trades, the shares are here."
                : "Choose a stock; its ticket shows what an order would cost before you place it."}
            </p>
          </div>
          <a
            class="button"
            data-kind={hasMoney && !isWaiting ? "primary" : "plain"}
            href={pathTo(isWaiting ? "orders" : "market")}
          >
            {isWaiting ? "See your orders" : "Choose a stock"}
          </a>
        </li>
      </ol>
    </section>
  );
}
