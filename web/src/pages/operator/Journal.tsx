// The journal's chain of hashes: verify it, and see how far that is and how it ended.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { showCount } from "../../model/quantity.ts";
import { useFetched } from "../../ui/fetched.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { Answer } from "../../ui/parts/Paged.tsx";
import { Panel } from "../../ui/parts/Panel.tsx";
import { useSubmit } from "../../ui/submit.ts";
import { api, stream } from "../../venue/venue.ts";
import type { WireVerification } from "../../venue/wire.ts";
import { useTicks } from "../ticks.ts";

const LOOKED_MS = 1_000;

export function Journal() {
  const tick = useTicks(LOOKED_MS);
  const running = useSignal(false);
  const fetched = useFetched(() => api.verification(), "", running.value ? tick : running.value);
  const { submit, busy, fault } = useSubmit(async () => {
    await api.verify();
    fetched.again();
  });
  const verification = fetched.state.kind === "here" ? fetched.state.value : null;
  useEffect(() => {
    running.value = verification?.state === "running";
  }, [verification]);
  return (
    <Panel title="Journal" padded>
      <div class="stack journal">
        <p>
          Every batch in the journal carries the hash of the one before it. Verifying reads the journal from
          its beginning and counts every hash again; trading goes on meanwhile.
        </p>
        <Answer fetched={fetched} what="the verification" age_ms={stream.age_ms.value}>
          {(value) => <Outcome verification={value} />}
        </Answer>
        {fault && <Notice tone="error">{fault}</Notice>}
        <Button kind="primary" busy={busy || running.value} onPress={submit}>
          {running.value ? "Verifying…" : "Verify the chain"}
        </Button>
      </div>
    </Panel>
  );
}

function Outcome({ verification }: { readonly verification: WireVerification }) {
  const { state, batches_done: done, batches_total: total, detail } = verification;
  if (state === "none") return <p class="muted">It was not verified since the venue was started.</p>;
  if (state === "running") {
    return (
      <label class="progress">
        {showCount(done)} of {showCount(total)} batches
        <progress max={Math.max(1, total)} value={done} />
      </label>
    );
  }
  return (
    <Notice tone={state === "passed" ? "info" : "error"}>
      <strong>{state === "passed" ? "The chain is whole" : "The journal did not pass"}</strong>
      <p>{detail}</p>
    </Notice>
  );
}
