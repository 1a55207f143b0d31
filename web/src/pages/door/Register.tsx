// Register, which signs in as well.
import { useSignal } from "@preact/signals";
import { Button } from "../../ui/parts/Button.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { go } from "../../ui/router/router.ts";
import { useSubmit } from "../../ui/submit.ts";
import { session } from "../../venue/venue.ts";
import type { PageProps } from "../routes.ts";
import { Door } from "./Door.tsx";
import { nextOf, signInPath } from "./next.ts";

export function Register({ query }: PageProps) {
  const name = useSignal("");
  const userName = useSignal("");
  const password = useSignal("");
  const next = nextOf(query);
  const { submit, busy, fault } = useSubmit(async () => {
    await session.register(userName.value, password.value, name.value);
    go(next, { replace: true });
  });
  return (
    <Door title="Register" lead="An account with a wallet and a portfolio, ready at once." onSubmit={submit}>
      {fault && <Notice tone="error">{fault}</Notice>}
      <Field
        label="Your name"
        autocomplete="name"
        autoFocus
        required
        maxLength={200}
        value={name.value}
        onInput={(text) => (name.value = text)}
      />
      <Field
        label="User name"
        autocomplete="username"
        required
        maxLength={100}
        hint="You sign in with it."
        value={userName.value}
        onInput={(text) => (userName.value = text)}
      />
      <Field
        label="Password"
        type="password"
        autocomplete="new-password"
        required
        value={password.value}
        onInput={(text) => (password.value = text)}
      />
      <Button kind="primary" type="submit" wide busy={busy}>
        {busy ? "Registering…" : "Register"}
      </Button>
      <p class="muted">
        Registered already? <a href={signInPath(query)}>Sign in</a>
      </p>
    </Door>
  );
}
