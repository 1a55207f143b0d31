// Sign in, and go on to where one wanted to be.
import { useSignal } from "@preact/signals";
import { Button } from "../../ui/parts/Button.tsx";
import { Field } from "../../ui/parts/Field.tsx";
import { Notice } from "../../ui/parts/Notice.tsx";
import { go } from "../../ui/router/router.ts";
import { useSubmit } from "../../ui/submit.ts";
import { session } from "../../venue/venue.ts";
import type { PageProps } from "../routes.ts";
import { Door } from "./Door.tsx";
import { nextOf, registerPath } from "./next.ts";

export function SignIn({ query }: PageProps) {
  const userName = useSignal("");
  const password = useSignal("");
  const next = nextOf(query);
  const { submit, busy, fault } = useSubmit(async () => {
    await session.signIn(userName.value, password.value);
    go(next, { replace: true });
  });
  return (
    <Door title="Sign in" lead="Trade on live prices within a minute." onSubmit={submit}>
      {query.has("next") && !fault && <Notice>Sign in to open that page.</Notice>}
      {fault && <Notice tone="error">{fault}</Notice>}
      <Field
        label="User name"
        autocomplete="username"
        autoFocus
        required
        maxLength={100}
        value={userName.value}
        onInput={(text) => (userName.value = text)}
      />
      <Field
        label="Password"
        type="password"
        autocomplete="current-password"
        required
        value={password.value}
        onInput={(text) => (password.value = text)}
      />
      <Button kind="primary" type="submit" wide busy={busy}>
        {busy ? "Signing in…" : "Sign in"}
      </Button>
      <p class="muted">
        New here? <a href={registerPath(query)}>Register</a>
      </p>
    </Door>
  );
}
