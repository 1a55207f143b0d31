// What the account owns: totals, worth over time, and each holding at the price of this moment.
import type { Account } from "../../model/account.ts";
import { basisPoints, plus } from "../../model/money.ts";
import { type Position, positionOf, type Totals, totalsOf } from "../../model/portfolio.ts";
import { Amount, Change, PerCent } from "../../ui/parts/Figures.tsx";
import { PageHead, Panel } from "../../ui/parts/Panel.tsx";
import { Aged, Failed, Loading } from "../../ui/parts/State.tsx";
import { Tiles } from "../../ui/parts/Tiles.tsx";
import { useAccount, usePrices } from "../../venue/hooks.ts";
import { stream } from "../../venue/venue.ts";
import { FirstSteps } from "./FirstSteps.tsx";
import { Holdings } from "./Holdings.tsx";
import { Worth } from "./Worth.tsx";
import "./portfolio.css";

export function Portfolio() {
  const account = useAccount();
  return (
    <>
      <PageHead title="Portfolio" />
      {account.kind === "loading" && <Loading what="your portfolio" />}
      {account.kind === "failed" && <Failed error={account.error} />}
      {account.kind === "here" && <Owned account={account.value} />}
    </>
  );
}

function Owned({ account }: { readonly account: Account }) {
  const prices = usePrices();
  const stocks = prices.kind === "here" ? prices.value : null;
  const positions = account.holdings.map((holding) => positionOf(holding, stocks?.get(holding.stock)));
  const isNew = account.wallet.total === 0n && positions.length === 0;
  const age_ms = stream.age_ms.value;
  return (
    <div class="stack">
      <FirstSteps account={account} />
      <Panel title="Totals">
        <Aged age_ms={age_ms}>
          <Sums account={account} totals={totalsOf(positions)} />
        </Aged>
      </Panel>
      {!isNew && <Worth fresh={account} />}
      <Panel title="Holdings">
        <Aged age_ms={age_ms}>
          <Holdings positions={positions.filter(({ quantity }) => quantity > 0)} />
        </Aged>
      </Panel>
      <SoldOut positions={positions.filter(({ quantity }) => quantity === 0)} />
    </div>
  );
}

function Sums({ account: { wallet }, totals }: { readonly account: Account; readonly totals: Totals }) {
  const { marketValue, cost, unrealised, realised } = totals;
  return (
    <Tiles
      tiles={[
        {
          name: "Equity",
          value: <Amount of={plus(wallet.total, marketValue)} />,
          note: "Cash and holdings",
        },
        {
          name: "Cash",
          value: <Amount of={wallet.total} />,
          note: (
            <>
              <Amount of={wallet.held} /> held by open orders
            </>
          ),
        },
        {
          name: "Market value",
          value: <Amount of={marketValue} />,
          note: (
            <>
              cost <Amount of={cost} />
            </>
          ),
        },
        {
          name: "Unrealised profit",
          value: <Change of={unrealised} />,
          note:
            cost === 0n ? (
              "At last prices"
            ) : (
              <>
                <PerCent basisPoints={basisPoints(unrealised, cost)} /> of cost, at last prices
              </>
            ),
        },
        { name: "Realised profit", value: <Change of={realised} />, note: "Of what was sold" },
      ]}
    />
  );
}

function SoldOut({ positions }: { readonly positions: readonly Position[] }) {
  if (positions.length === 0) return null;
  return (
    <Panel title="Sold out">
      <Holdings positions={positions} soldOut />
    </Panel>
  );
}
