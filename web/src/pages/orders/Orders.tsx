// Open orders and the history of orders.
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";

export function Orders() {
  return (
    <>
      <PageHead title="Orders" />
      <Empty title="This page is being built" />
    </>
  );
}
