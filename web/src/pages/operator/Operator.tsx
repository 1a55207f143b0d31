// The operator's pages; `/operator/:page` says which.
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";

export function Operator() {
  return (
    <>
      <PageHead title="Operator" />
      <Empty title="This page is being built" />
    </>
  );
}
