// The small button that unfolds what is below a row.

interface UnfoldProps {
  /** What is unfolded. */
  readonly of: string;
  readonly open: boolean;
  readonly onToggle: (open: boolean) => void;
}

export function Unfold({ of, open, onToggle }: UnfoldProps) {
  return (
    <button
      class="unfold"
      type="button"
      aria-expanded={open}
      aria-label={`Show ${of}`}
      onClick={() => onToggle(!open)}
    >
      <span aria-hidden="true">{open ? "▾" : "▸"}</span>
    </button>
  );
}
