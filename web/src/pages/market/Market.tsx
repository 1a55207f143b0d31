// The list of stocks.
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";

export function Market() {
  return (
    <>
      <PageHead title="Market" />
      <Empty title="This page is being built" />
    </>
  );
}
