// A number that grows with time, for what is asked for again and again. It rests while nobody sees the page.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export function useTicks(every_ms: number): number {
  const ticks = useSignal(0);
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden) ticks.value += 1;
    }, every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return ticks.value;
}
