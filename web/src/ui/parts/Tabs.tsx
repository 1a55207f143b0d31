// Tabs by the book: arrows go from one to the next, Home and End to the ends, Tab into the panel.
import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { stepped } from "../keys.ts";

export interface Tab<Name extends string> {
  readonly name: Name;
  readonly label: ComponentChildren;
}

interface TabsProps<Name extends string> {
  /** What the tabs are of, for screen readers. */
  readonly label: string;
  readonly tabs: readonly Tab<Name>[];
  readonly selected: Name;
  readonly onSelect: (name: Name) => void;
  /** The panel of the tab that is selected. */
  readonly children: ComponentChildren;
}

export function Tabs<Name extends string>({ label, tabs, selected, onSelect, children }: TabsProps<Name>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const at = tabs.findIndex((tab) => tab.name === selected);
  return (
    <>
      <div
        class="tabs"
        role="tablist"
        aria-label={label}
        ref={list}
        onKeyDown={(event) => {
          const next = stepped(event.key, at, tabs.length, "across");
          const tab = next === null ? undefined : tabs[next];
          if (next === null || tab === undefined) return;
          event.preventDefault();
          onSelect(tab.name);
          list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
        }}
      >
        {tabs.map((tab) => (
          <button
            key={tab.name}
            type="button"
            role="tab"
            id={`${id}-${tab.name}`}
            aria-controls={`${id}-panel`}
            aria-selected={tab.name === selected}
            tabIndex={tab.name === selected ? 0 : -1}
            onClick={() => onSelect(tab.name)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${selected}`}>
        {children}
      </div>
    </>
  );
}
