// Holdings and what they are worth.
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";

export function Portfolio() {
  return (
    <>
      <PageHead title="Portfolio" />
      <Empty title="This page is being built" />
    </>
  );
}
