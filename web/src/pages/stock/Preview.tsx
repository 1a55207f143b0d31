// What the ticket would do if it arrived now, from the live book: a few figures and what to know about them.
import { freeShares } from "../../model/account.ts";
import { type Money, minus, plus, showMoney } from "../../model/money.ts";
import { type Intent, type Preview as Outcome, previewOf } from "../../model/preview.ts";
import { type Quantity, showQuantity } from "../../model/quantity.ts";
import type { Side } from "../../model/side.ts";
import type { Stock } from "../../model/stock.ts";
import { atPrice } from "../../model/words.ts";
import { useAccount, useBook } from "../../venue/hooks.ts";
import { BOOK_LEVELS } from "../../venue/stores.ts";
import { notesOf } from "./notes.ts";

interface PreviewProps {
  readonly stock: Stock;
  /** Null: the fields are not filled in. */
  readonly intent: Intent | null;
  readonly side: Side;
}

export function Preview({ stock, intent, side }: PreviewProps) {
  const book = useBook(stock.stock);
  const loaded = useAccount();
  const account = loaded.kind === "here" ? loaded.value : null;
  const money = account?.wallet.available ?? null;
  const shares = account && freeShares(account, stock.stock);
  const outcome =
    intent === null || book.kind !== "here"
      ? null
      : previewOf(intent, {
          stock,
          book: book.value,
          whole: book.value.bids.length < BOOK_LEVELS && book.value.asks.length < BOOK_LEVELS,
          freeMoney: money,
          freeShares: shares,
          ownOrders: account?.orders ?? [],
        });
  return (
    <div class="preview">
      <dl class="facts">
        {linesOf(outcome, intent, side, money, shares).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value ?? <span class="muted">–</span>}</dd>
          </div>
        ))}
      </dl>
      <ul class="preview-notes">
        {outcome !== null &&
          intent !== null &&
          notesOf(outcome, intent, stock, { money, shares }).map((note) => <li key={note}>{note}</li>)}
      </ul>
    </div>
  );
}

type Line = readonly [name: string, value: string | null];

/** The same lines for every ticket of a side, so that nothing jumps while somebody types. */
function linesOf(
  outcome: Outcome | null,
  intent: Intent | null,
  side: Side,
  money: Money | null,
  shares: Quantity | null,
): readonly Line[] {
  const shown = outcome === null || outcome.refused !== null ? null : outcome;
  const about = shown?.certain === false ? "≈ " : "";
  const trades =
    shown && shown.trades > 0 ? `${about}${showQuantity(shown.trades)}${averageText(shown)}` : null;
  const waits =
    shown?.rest === "waits" ? `${about}${showQuantity(shown.remaining)}${limitText(intent)}` : null;
  const amount = shown && shown.trades > 0 ? about + showMoney(shown.amount) : null;
  const common: readonly Line[] = [
    ["Trades now", trades],
    ["Waits", waits],
  ];
  if (side === "buy") {
    const left = shown && money !== null ? minus(minus(money, shown.amount), shown.heldMoney) : null;
    return [
      ...common,
      ["Costs now", amount],
      ["Held while it waits", shown?.rest === "waits" ? about + showMoney(shown.heldMoney) : null],
      ["Free money after", left === null ? null : about + showMoney(left)],
    ];
  }
  const left = shown && shares !== null ? shares - shown.trades - shown.heldShares : null;
  return [
    ...common,
    ["Brings now", amount],
    ["Free money after", shown && money !== null ? about + showMoney(plus(money, shown.amount)) : null],
    ["Free shares after", left === null ? null : about + showQuantity(left as Quantity)],
  ];
}

function averageText({ averagePrice }: Outcome): string {
  return averagePrice === null ? "" : ` at ${showMoney(averagePrice)}`;
}

function limitText(intent: Intent | null): string {
  return ` ${atPrice(intent?.price ?? null)}`;
}
