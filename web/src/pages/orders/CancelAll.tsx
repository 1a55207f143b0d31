// Cancels all open orders, once a dialog was answered.
import { useSignal } from "@preact/signals";
import { notify } from "../../ui/notifications.ts";
import { Button } from "../../ui/parts/Button.tsx";
import { Confirm } from "../../ui/parts/Confirm.tsx";
import { api } from "../../venue/venue.ts";

export function CancelAll({ count }: { readonly count: number }) {
  const asked = useSignal(false);
  return (
    <>
      <Button kind="danger" onPress={() => (asked.value = true)}>
        Cancel all
      </Button>
      <Confirm
        title="Cancel all open orders?"
        open={asked.value}
        onClose={() => (asked.value = false)}
        yes={count === 1 ? "Cancel 1 order" : `Cancel ${count} orders`}
        no="Keep them"
        run={async () => {
          const cancelled = await api.cancelAll();
          notify(cancelled === 1 ? "Cancelled 1 order." : `Cancelled ${cancelled} orders.`);
        }}
      >
        What has not traded yet is taken out of the books of all stocks, and what it holds is free again.
      </Confirm>
    </>
  );
}
