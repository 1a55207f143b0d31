// Where the focus goes when what had it is gone.
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * A frame that takes the focus where a row or a button in it had it and has left, so that the keyboard goes on from
 * there. `rows` changes when something may have left.
 */
export function useFocusKept<Frame extends HTMLElement>(rows: unknown): RefObject<Frame | null> {
  const frame = useRef<Frame>(null);
  const had = useRef(false);
  useEffect(() => {
    const { current } = frame;
    if (current === null) return;
    const enter = () => {
      had.current = true;
    };
    const leave = ({ relatedTarget }: FocusEvent) => {
      if (relatedTarget instanceof Node && !current.contains(relatedTarget)) had.current = false;
    };
    current.addEventListener("focusin", enter);
    current.addEventListener("focusout", leave);
    return () => {
      current.removeEventListener("focusin", enter);
      current.removeEventListener("focusout", leave);
    };
  }, []);
  useEffect(() => {
    if (had.current && document.activeElement === document.body) frame.current?.focus();
  }, [rows]);
  return frame;
}
