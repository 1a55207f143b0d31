// The user name of a form that asks for passwords alone, so that password managers know whose they are.

export function KnownUser({ name }: { readonly name: string }) {
  return (
    <input
      class="unseen"
      type="text"
      autocomplete="username"
      value={name}
      readOnly
      tabIndex={-1}
      aria-hidden="true"
    />
  );
}
