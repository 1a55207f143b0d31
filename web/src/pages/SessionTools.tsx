// Who is signed in and what they were told, and the way out or in.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { forgetNotifications } from "../ui/notifications.ts";
import { Button, IconButton } from "../ui/parts/Button.tsx";
import { go, place } from "../ui/router/router.ts";
import { NotificationCentre } from "../ui/shell/NotificationCentre.tsx";
import { useUser } from "../venue/hooks.ts";
import { session } from "../venue/venue.ts";
import type { WireUser } from "../venue/wire.ts";
import { AccountDialog } from "./AccountDialog.tsx";
import { matchOf, pathTo } from "./routes.ts";

export function SessionTools() {
  const user = useUser();
  if (user !== null) return <SignedIn key={user.account} user={user} />;
  if (session.state.value.kind === "unknown" || isDoor(place.value.path)) return null;
  return (
    <Button kind="primary" onPress={() => go(pathTo("signIn"))}>
      Sign in
    </Button>
  );
}

function SignedIn({ user }: { readonly user: WireUser }) {
  const leaving = useSignal(false);
  const isOpen = useSignal(false);
  useEffect(() => forgetNotifications, []);
  async function leave(): Promise<void> {
    if (leaving.value) return;
    leaving.value = true;
    await session.signOut().catch(() => undefined);
    go(pathTo("signIn"));
  }
  return (
    <>
      <NotificationCentre />
      <IconButton icon="user" label={`Account ${user.user_name}`} onPress={() => (isOpen.value = true)}>
        <span class="who">{user.user_name}</span>
      </IconButton>
      <span class="desk">
        <IconButton icon="leave" label="Sign out" onPress={() => void leave()} />
      </span>
      <AccountDialog
        user={user}
        open={isOpen.value}
        onClose={() => (isOpen.value = false)}
        onLeave={() => void leave()}
      />
    </>
  );
}

/** There the page itself asks to sign in. */
function isDoor(path: string): boolean {
  const name = matchOf(path)?.name;
  return name === "signIn" || name === "register";
}
