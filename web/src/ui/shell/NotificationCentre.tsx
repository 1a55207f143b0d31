// The bell of the bar with the count of what is new, and the last notifications behind it.
import { useSignal } from "@preact/signals";
import { lastNotifications, notificationsRead, unreadNotifications } from "../notifications.ts";
import { IconButton } from "../parts/Button.tsx";
import { Dialog } from "../parts/Dialog.tsx";
import { Time } from "../parts/Figures.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Empty } from "../parts/State.tsx";
import { TONE_ICONS } from "./Toasts.tsx";

const MOST_COUNTED = 99;

export function NotificationCentre() {
  const open = useSignal(false);
  const unread = unreadNotifications.value;
  const close = () => {
    notificationsRead();
    open.value = false;
  };
  return (
    <>
      <IconButton
        icon="bell"
        label={unread === 0 ? "Notifications" : `Notifications, ${unread} new`}
        onPress={() => (open.value = true)}
      >
        {unread > 0 && <span class="count">{unread > MOST_COUNTED ? `${MOST_COUNTED}+` : unread}</span>}
      </IconButton>
      <Dialog title="Notifications" open={open.value} onClose={close} corner>
        <Told />
      </Dialog>
    </>
  );
}

function Told() {
  const told = lastNotifications.value;
  if (told.length === 0) {
    return <Empty title="Nothing has happened yet">Fills of your orders are told here.</Empty>;
  }
  return (
    <ul class="told">
      {told.map(({ id, at, tone, text }) => (
        <li key={id} data-tone={tone}>
          <Icon name={TONE_ICONS[tone]} />
          <span>{text}</span>
          <span class="muted">
            <Time at={at} />
          </span>
        </li>
      ))}
    </ul>
  );
}
