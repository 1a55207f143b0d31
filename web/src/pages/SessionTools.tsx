// Who is signed in, and the way out or in.
import { useSignal } from "@preact/signals";
import { Button, IconButton } from "../ui/parts/Button.tsx";
import { go, place } from "../ui/router/router.ts";
import { session } from "../venue/venue.ts";
import { matchOf, pathTo } from "./routes.ts";

export function SessionTools() {
  const leaving = useSignal(false);
  const state = session.state.value;
  if (state.kind === "unknown") return null;
  if (state.kind === "none") {
    if (isDoor(place.value.path)) return null;
    return (
      <Button kind="primary" onPress={() => go(pathTo("signIn"))}>
        Sign in
      </Button>
    );
  }
  async function leave(): Promise<void> {
    if (leaving.value) return;
    leaving.value = true;
    await session.signOut().catch(() => undefined);
    leaving.value = false;
    go(pathTo("signIn"));
  }
  return (
    <>
      <span class="who" title={state.user.name}>
        {state.user.user_name}
      </span>
      <IconButton icon="leave" label="Sign out" onPress={() => void leave()} />
    </>
  );
}

/** There the page itself asks to sign in. */
function isDoor(path: string): boolean {
  const name = matchOf(path)?.name;
  return name === "signIn" || name === "register";
}
