// Tables: sorted by a press on a heading; rows that open something are walked with the arrows and opened with Enter.
import { useSignal } from "@preact/signals";
import { type ComponentChildren, Fragment } from "preact";
import { useRef } from "preact/hooks";
import { stepped } from "../keys.ts";
import { type Order, type SortKey, sorted } from "../sorting.ts";

export interface Column<Row> {
  readonly name: string;
  /** Empty: it holds what can be done with its row. */
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Numbers stand to the right. */
  readonly figure?: boolean;
  /** What rows are sorted by; columns without cannot be sorted. */
  readonly sortBy?: (row: Row) => SortKey;
  readonly hiddenOnPhone?: boolean;
}

interface TableProps<Row> {
  /** What the table shows, for screen readers. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly initialOrder?: Order;
  /** A press on a row, or Enter. What it does must have a link or button in a cell as well. */
  readonly onOpen?: (row: Row) => void;
  /** On phones each row is a card that names its values, so that none has to be hidden. */
  readonly cards?: boolean;
  /** What is folded out below a row, all across; null: nothing. */
  readonly below?: (row: Row) => ComponentChildren;
  /** In place of rows where there are none. */
  readonly empty?: ComponentChildren;
}

export function Table<Row>({
  caption,
  columns,
  rows,
  keyOf,
  initialOrder,
  onOpen,
  cards = false,
  below,
  empty,
}: TableProps<Row>) {
  const order = useSignal<Order | null>(initialOrder ?? null);
  const focused = useSignal<string | null>(null);
  const body = useRef<HTMLTableSectionElement>(null);
  const by = columns.find((column) => column.name === order.value?.name)?.sortBy;
  const shown = by && order.value ? sorted(rows, by, order.value.descending) : rows;
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  const entry = shown.some((row) => keyOf(row) === focused.value) ? focused.value : firstKey(shown, keyOf);

  const walk = (event: KeyboardEvent, row: Row, at: number) => {
    if (event.target !== event.currentTarget) return;
    if (event.key === "Enter") onOpen?.(row);
    const next = stepped(event.key, at, shown.length, "down");
    const target = next === null ? undefined : body.current?.rows[next];
    if (target === undefined) return;
    event.preventDefault();
    target.focus();
  };

  return (
    <section class="table-frame" aria-label={caption} tabIndex={onOpen ? undefined : 0}>
      <table class="table" data-cards={cards ? "" : undefined}>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Heading
                key={column.name}
                column={column}
                order={order.value?.name === column.name ? order.value : null}
                onSort={(next) => (order.value = next)}
              />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {shown.map((row, at) => {
            const key = keyOf(row);
            const unfolded = below?.(row) ?? null;
            return (
              <Fragment key={key}>
                <tr
                  data-opens={onOpen ? "" : undefined}
                  tabIndex={onOpen ? (key === entry ? 0 : -1) : undefined}
                  onFocus={onOpen && (() => (focused.value = key))}
                  onKeyDown={onOpen && ((event) => walk(event, row, at))}
                  onClick={onOpen && ((event) => !isControl(event.target) && onOpen(row))}
                >
                  {columns.map((column) => (
                    <td
                      key={column.name}
                      data-align={column.figure ? "right" : undefined}
                      data-phone={phone(column)}
                      data-title={column.title}
                    >
                      {column.cell(row)}
                    </td>
                  ))}
                </tr>
                {unfolded !== null && (
                  <tr data-below="">
                    <td colSpan={columns.length}>{unfolded}</td>
                  </tr>
                )}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

interface HeadingProps<Row> {
  readonly column: Column<Row>;
  /** Null: the table is not sorted by this column. */
  readonly order: Order | null;
  readonly onSort: (order: Order) => void;
}

/** Numbers are first sorted from the greatest, words from A. */
function Heading<Row>({ column, order, onSort }: HeadingProps<Row>) {
  const { name, title, figure = false, sortBy } = column;
  const next = { name, descending: order === null ? figure : !order.descending };
  return (
    <th
      scope="col"
      data-align={figure ? "right" : undefined}
      data-phone={phone(column)}
      aria-sort={order === null ? undefined : order.descending ? "descending" : "ascending"}
    >
      {sortBy === undefined ? (
        title || <span class="unseen">Actions</span>
      ) : (
        <button type="button" onClick={() => onSort(next)}>
          {title}
          {order !== null && <span aria-hidden="true">{order.descending ? "▾" : "▴"}</span>}
        </button>
      )}
    </th>
  );
}

function phone<Row>(column: Column<Row>): "hide" | undefined {
  return column.hiddenOnPhone ? "hide" : undefined;
}

function firstKey<Row>(rows: readonly Row[], keyOf: (row: Row) => string): string | null {
  return rows[0] === undefined ? null : keyOf(rows[0]);
}

/** Links and buttons within a row do what they say, and do not open it. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, input, select, label") !== null;
}
