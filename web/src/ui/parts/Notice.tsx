// A sentence within a page that has to be seen: what went wrong, what to know.
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon.tsx";

export type Tone = "info" | "warn" | "error";

const ICONS: Readonly<Record<Tone, IconName>> = { info: "info", warn: "warn", error: "warn" };

interface NoticeProps {
  readonly tone?: Tone;
  readonly children: ComponentChildren;
}

/** Errors are told at once, others when there is a pause. */
export function Notice({ tone = "info", children }: NoticeProps) {
  return (
    <div class="notice" data-tone={tone} role={tone === "error" ? "alert" : "status"}>
      <Icon name={ICONS[tone]} />
      <div class="text">{children}</div>
    </div>
  );
}
