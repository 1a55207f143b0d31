// Doing what a form or a question asks for: never twice at once, and with the sentence of what went wrong.
import { useSignal } from "@preact/signals";
import { sentenceOf } from "../venue/problem.ts";

export function useSubmit(send: () => Promise<void>) {
  const busy = useSignal(false);
  const fault = useSignal<string | null>(null);
  async function submit(event?: Event): Promise<void> {
    event?.preventDefault();
    if (busy.value) return;
    busy.value = true;
    fault.value = null;
    try {
      await send();
    } catch (error) {
      fault.value = sentenceOf(error);
    } finally {
      busy.value = false;
    }
  }
  return { submit: (event?: Event) => void submit(event), busy: busy.value, fault: fault.value };
}
