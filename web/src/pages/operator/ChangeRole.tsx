// The dialog that gives a user another role.
import { useSignal } from "@preact/signals";
import { notify } from "../../ui/notifications.ts";
import { Dialog } from "../../ui/parts/Dialog.tsx";
import { Select } from "../../ui/parts/Field.tsx";
import { FormEnd } from "../../ui/parts/FormEnd.tsx";
import { useSubmit } from "../../ui/submit.ts";
import { api } from "../../venue/venue.ts";
import type { WireUser } from "../../venue/wire.ts";
import { ROLE_MAY, ROLE_WORDS, ROLES } from "../roles.ts";

interface ChangeRoleProps {
  readonly user: WireUser | null;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function ChangeRole({ user, onClose, onDone }: ChangeRoleProps) {
  return (
    <Dialog title={`Change role of ${user?.user_name ?? ""}`} open={user !== null} onClose={onClose}>
      {user !== null && <RoleForm user={user} onClose={onClose} onDone={onDone} />}
    </Dialog>
  );
}

function RoleForm({ user, onClose, onDone }: ChangeRoleProps & { readonly user: WireUser }) {
  const role = useSignal(user.role);
  const { submit, busy, fault } = useSubmit(async () => {
    if (role.value !== user.role) {
      await api.setUser(user.account, { role: role.value });
      notify(`${user.user_name} now has the role ${ROLE_WORDS[role.value].toLowerCase()}.`);
      onDone();
    }
    onClose();
  });
  const words = ROLE_WORDS[role.value];
  return (
    <form class="stack" onSubmit={submit}>
      <Select
        label="Role"
        value={role.value}
        options={ROLES.map((value) => ({ value, label: ROLE_WORDS[value] }))}
        onChange={(next) => (role.value = next)}
      />
      <p class="muted" aria-live="polite">
        {words}: {ROLE_MAY[role.value]}. A change signs the user out everywhere.
      </p>
      <FormEnd fault={fault} busy={busy} verb="Change role" doing="Changing…" onLeave={onClose} />
    </form>
  );
}
