// A titled box of a page, and the head of the page itself.
import type { ComponentChildren, RefObject } from "preact";
import { useId } from "preact/hooks";

interface PanelProps {
  readonly title: string;
  /** At the right end of the title. */
  readonly tools?: ComponentChildren;
  readonly padded?: boolean;
  /** For a place in the page's grid. */
  readonly class?: string;
  /** For a panel that may be given the focus. */
  readonly frame?: RefObject<HTMLElement | null>;
  readonly children: ComponentChildren;
}

export function Panel({ title, tools, padded = false, class: name = "", frame, children }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel ${name}`} aria-labelledby={id} ref={frame ?? null} tabIndex={frame && -1}>
      <header>
        <h2 id={id}>{title}</h2>
        {tools && <div class="row">{tools}</div>}
      </header>
      <div class="body" data-padded={padded ? "" : undefined}>
        {children}
      </div>
    </section>
  );
}

interface PageHeadProps {
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly tools?: ComponentChildren;
}

/** The title, which takes the focus when the page opens, and what stands beside it. */
export function PageHead({ title, children, tools }: PageHeadProps) {
  return (
    <div class="page-head">
      <h1 tabIndex={-1}>{title}</h1>
      {children}
      {tools && <div class="row">{tools}</div>}
    </div>
  );
}
