// Over whatever is open when the session ends: sign in again, and everything is as it was, a half-filled ticket too.
import { useSignal } from "@preact/signals";
import { Dialog } from "../ui/parts/Dialog.tsx";
import { Field } from "../ui/parts/Field.tsx";
import { FormEnd } from "../ui/parts/FormEnd.tsx";
import { go } from "../ui/router/router.ts";
import { useSubmit } from "../ui/submit.ts";
import { session } from "../venue/venue.ts";
import type { WireUser } from "../venue/wire.ts";
import { KnownUser } from "./door/KnownUser.tsx";
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
      <KnownUser name={user.user_name} />
      <Field
        label="Password"
        type="password"
        autocomplete="current-password"
        autoFocus
        required
        value={password.value}
        onInput={(text) => (password.value = text)}
      />
      <FormEnd
        fault={fault}
        busy={busy}
        verb="Sign in"
        doing="Signing in…"
        leave="Sign out"
        onLeave={leave}
      />
    </form>
  );
}
