// Money: what there is, bringing it in and taking it out, every movement of it, and statements.
import type { Wallet as WalletOf } from "../../model/account.ts";
import { Amount } from "../../ui/parts/Figures.tsx";
import { PageHead, Panel } from "../../ui/parts/Panel.tsx";
import { Aged, Failed, Loading } from "../../ui/parts/State.tsx";
import { Tiles } from "../../ui/parts/Tiles.tsx";
import { useAccount } from "../../venue/hooks.ts";
import { stream } from "../../venue/venue.ts";
import { Move } from "./Move.tsx";
import { Statement } from "./Statement.tsx";
import { Transactions } from "./Transactions.tsx";
import "./wallet.css";

export function Wallet() {
  const account = useAccount();
  const wallet = account.kind === "here" ? account.value.wallet : null;
  return (
    <>
      <PageHead title="Wallet" />
      <div class="wallet-page">
        <Panel title="Balance" class="balance">
          {account.kind === "loading" && <Loading what="your wallet" />}
          {account.kind === "failed" && <Failed error={account.error} />}
          {wallet && (
            <Aged age_ms={stream.age_ms.value}>
              <Balance wallet={wallet} />
            </Aged>
          )}
        </Panel>
        <div class="stack">
          <Panel title="Deposit" padded>
            <Move what="deposit" free={null} />
          </Panel>
          <Panel title="Withdraw" padded>
            <Move what="withdraw" free={wallet?.available ?? null} />
          </Panel>
          <Panel title="Statement" padded>
            <Statement />
          </Panel>
        </div>
        <Panel title="Transactions" class="transactions">
          <Transactions fresh={wallet} />
        </Panel>
      </div>
    </>
  );
}

function Balance({ wallet }: { readonly wallet: WalletOf }) {
  return (
    <Tiles
      tiles={[
        { name: "Available", value: <Amount of={wallet.available} />, note: "Free to spend or withdraw" },
        { name: "Held", value: <Amount of={wallet.held} />, note: "By open buy orders" },
        { name: "Total", value: <Amount of={wallet.total} />, note: "Both together" },
      ]}
    />
  );
}
