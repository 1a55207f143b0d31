// What the page is shown on, as signals: they change when a window is resized, a device is turned, or text is zoomed.
import { type ReadonlySignal, signal } from "@preact/signals";

/** Where one thing at a time fits. */
export const onPhone: ReadonlySignal<boolean> = followed("(max-width: 44rem)");

function followed(query: string): ReadonlySignal<boolean> {
  const media = matchMedia(query);
  const matches = signal(media.matches);
  media.addEventListener("change", () => {
    matches.value = media.matches;
  });
  return matches;
}
