// The card that the forms at the door stand on.
import type { ComponentChildren } from "preact";

interface DoorProps {
  readonly title: string;
  readonly lead: string;
  readonly onSubmit: (event: Event) => void;
  readonly children: ComponentChildren;
}

export function Door({ title, lead, onSubmit, children }: DoorProps) {
  return (
    <div class="door">
      <form class="card" onSubmit={onSubmit}>
        <div>
          <h1 tabIndex={-1}>{title}</h1>
          <p class="lead">{lead}</p>
        </div>
        {children}
      </form>
    </div>
  );
}
