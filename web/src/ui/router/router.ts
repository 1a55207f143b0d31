// Where the page is: the address as a signal, and moving without loading. Plain links work: clicks are caught here.
import { type ReadonlySignal, signal } from "@preact/signals";

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

function here(): Place {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

const current = signal<Place>(here());

export const place: ReadonlySignal<Place> = current;

/** Go to an address of our own. `replace`: going back skips the one that is left. */
export function go(address: string, { replace = false } = {}): void {
  if (address !== location.pathname + location.search) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }
  current.value = here();
}

/** Catch clicks on links to pages that `isPage` knows; all others load as ever. Called once. */
export function followLinks(isPage: (path: string) => boolean): void {
  addEventListener("popstate", () => {
    current.value = here();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.target !== "" || link.hasAttribute("download")) return;
    if (link.origin !== location.origin || link.hash !== "" || !isPage(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search);
  });
}
