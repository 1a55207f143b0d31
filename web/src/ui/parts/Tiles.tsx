// A row of headline figures, each with its name.
import type { ComponentChildren } from "preact";

export interface Tile {
  readonly name: string;
  readonly value: ComponentChildren;
  /** In small below: what it is made of. */
  readonly note?: ComponentChildren;
}

export function Tiles({ tiles }: { readonly tiles: readonly Tile[] }) {
  return (
    <dl class="tiles">
      {tiles.map(({ name, value, note }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {note && <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
