// One's own account: who one is, the colours, another password, and the way out.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { instant } from "../model/time.ts";
import { notify } from "../ui/notifications.ts";
import { Button } from "../ui/parts/Button.tsx";
import { Dialog } from "../ui/parts/Dialog.tsx";
import { Choice, Field, type Option } from "../ui/parts/Field.tsx";
import { Time } from "../ui/parts/Figures.tsx";
import { FormEnd } from "../ui/parts/FormEnd.tsx";
import { useSubmit } from "../ui/submit.ts";
import { type Theme, theme } from "../ui/theme.ts";
import { session } from "../venue/venue.ts";
import type { WireUser } from "../venue/wire.ts";
import { KnownUser } from "./door/KnownUser.tsx";
import { ROLE_WORDS } from "./roles.ts";

const THEMES: readonly Option<Theme>[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

interface AccountDialogProps {
  readonly user: WireUser;
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onLeave: () => void;
}

export function AccountDialog({ user, open, onClose, onLeave }: AccountDialogProps) {
  return (
    <Dialog title="Your account" open={open} onClose={onClose} corner>
      <div class="stack">
        <dl class="facts">
          <div>
            <dt>User name</dt>
            <dd>{user.user_name}</dd>
          </div>
          <div>
            <dt>Name</dt>
            <dd>{user.name}</dd>
          </div>
          <div>
            <dt>Account</dt>
            <dd>{user.account}</dd>
          </div>
          <div>
            <dt>Role</dt>
            <dd>{ROLE_WORDS[user.role]}</dd>
          </div>
          <div>
            <dt>Since</dt>
            <dd>
              <Time at={instant(user.created_at)} />
            </dd>
          </div>
        </dl>
        <Choice
          label="Colours"
          quiet={false}
          value={theme.value}
          options={THEMES}
          onChange={(next) => (theme.value = next)}
        />
        <ChangePassword userName={user.user_name} />
        <Button wide onPress={onLeave}>
          Sign out
        </Button>
      </div>
    </Dialog>
  );
}

function ChangePassword({ userName }: { readonly userName: string }) {
  const isOpen = useSignal(false);
  const old = useSignal("");
  const next = useSignal("");
  const { submit, busy, fault } = useSubmit(async () => {
    await session.changePassword(old.value, next.value);
    isOpen.value = false;
    old.value = next.value = "";
    notify("The password is changed. Every other session of yours has ended.");
  });
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), [isOpen.value]);
  if (!isOpen.value) {
    return (
      <Button wide onPress={() => (isOpen.value = true)}>
        Change password
      </Button>
    );
  }
  return (
    <form class="stack" onSubmit={submit}>
      <KnownUser name={userName} />
      <Field
        label="Present password"
        type="password"
        autocomplete="current-password"
        field={first}
        required
        value={old.value}
        onInput={(text) => (old.value = text)}
      />
      <Field
        label="New password"
        type="password"
        autocomplete="new-password"
        hint="It signs you out everywhere else."
        required
        value={next.value}
        onInput={(text) => (next.value = text)}
      />
      <FormEnd
        fault={fault}
        busy={busy}
        verb="Change password"
        doing="Changing…"
        onLeave={() => (isOpen.value = false)}
      />
    </form>
  );
}
