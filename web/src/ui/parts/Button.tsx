// Buttons. `busy` keeps the focus and refuses presses, where `disabled` would drop the focus on the floor.
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./Icon.tsx";

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly kind?: "plain" | "primary" | "buy" | "sell" | "danger" | "quiet";
  readonly type?: "button" | "submit";
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly wide?: boolean;
  readonly autoFocus?: boolean;
  readonly describedBy?: string;
  /** In full, where what is seen says it only beside the rest of its row; begins with what is seen. */
  readonly label?: string;
  readonly onPress?: () => void;
}

export function Button({
  children,
  kind = "plain",
  type = "button",
  busy = false,
  disabled = false,
  wide = false,
  autoFocus = false,
  describedBy,
  label,
  onPress,
}: ButtonProps) {
  return (
    <button
      class="button"
      type={type}
      data-kind={kind}
      data-wide={wide ? "" : undefined}
      disabled={disabled}
      aria-disabled={busy ? "true" : undefined}
      aria-describedby={describedBy}
      aria-label={label}
      autofocus={autoFocus}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onPress?.();
      }}
    >
      {children}
    </button>
  );
}

interface IconButtonProps {
  readonly icon: IconName;
  /** What it does, for those who do not see the icon, and as its title. */
  readonly label: string;
  /** Beside the icon: a count, a name. */
  readonly children?: ComponentChildren;
  readonly onPress: () => void;
}

export function IconButton({ icon, label, children, onPress }: IconButtonProps) {
  return (
    <button
      class="button"
      type="button"
      data-kind="quiet"
      data-icon=""
      aria-label={label}
      title={label}
      onClick={onPress}
    >
      <Icon name={icon} />
      {children}
    </button>
  );
}
