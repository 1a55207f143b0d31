// Over whatever is open when the session ends: sign in again, and everything is as it was, a half-filled ticket too.
import { useSignal } from "@preact/signals";
import { Button } from "../ui/parts/Button.tsx";
import { Dialog } from "../ui/parts/Dialog.tsx";
import { Field } from "../ui/parts/Field.tsx";
import { Notice } from "../ui/parts/Notice.tsx";
import { go } from "../ui/router/router.ts";
import { session } from "../venue/venue.ts";
import type { WireUser } from "../venue/wire.ts";
import { useSubmit } from "./door/door.ts";
import { pathTo } from "./routes.ts";

export function SessionExpired() {
  const state = session.state.value;
  return (
    <Dialog title="Your session has ended" open={state.kind === "expired"} onClose={null}>
      {state.kind === "expired" && <SignInAgain user={state.user} />}
    </Dialog>
  );
}

function SignInAgain({ user }: { readonly user: WireUser }) {
  const password = useSignal("");
  const { submit, busy, fault } = useSubmit(() => session.signIn(user.user_name, password.value));
  const leave = () => {
    session.forget();
    go(pathTo("signIn"));
  };
  return (
    <form class="stack" onSubmit={submit}>
      <p>
        Sign in again as <strong>{user.user_name}</strong>. What you have typed is kept, and your orders
        stand.
      </p>
      {fault && <Notice tone="error">{fault}</Notice>}
      <input
        class="unseen"
        type="text"
        autocomplete="username"
        value={user.user_name}
        readOnly
        tabIndex={-1}
        aria-hidden="true"
      />
      <Field
        label="Password"
        type="password"
        autocomplete="current-password"
        autoFocus
        required
        value={password.value}
        onInput={(text) => (password.value = text)}
      />
      <div class="row end">
        <Button onPress={leave}>Sign out</Button>
        <Button kind="primary" type="submit" busy={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </Button>
      </div>
    </form>
  );
}
