// The notifications at the corner of the page. They are told by the live region, so this is not one.

import { dismiss, type Notification, notifications } from "../notifications.ts";
import { IconButton } from "../parts/Button.tsx";
import { Icon, type IconName } from "../parts/Icon.tsx";

export const TONE_ICONS: Readonly<Record<Notification["tone"], IconName>> = {
  info: "info",
  buy: "up",
  sell: "down",
  warn: "warn",
  error: "warn",
};

export function Toasts() {
  if (notifications.value.length === 0) return null;
  return (
    <section class="toasts" aria-label="Notifications">
      {notifications.value.map(({ id, tone, text }) => (
        <div class="notice" key={id} data-tone={tone}>
          <Icon name={TONE_ICONS[tone]} />
          <div class="text">{text}</div>
          <IconButton icon="close" label="Dismiss" onPress={() => dismiss(id)} />
        </div>
      ))}
    </section>
  );
}
