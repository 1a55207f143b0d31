// Money: deposits, withdrawals, transactions, statements.
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";

export function Wallet() {
  return (
    <>
      <PageHead title="Wallet" />
      <Empty title="This page is being built" />
    </>
  );
}
