// One stock: candles, book, tape, ticket.
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";

export function Stock() {
  return (
    <>
      <PageHead title="Stock" />
      <Empty title="This page is being built" />
    </>
  );
}
