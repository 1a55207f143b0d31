// A quantity as a part of what one has: of free money for a buy, of free shares for a sell.
import { freeShares } from "../../model/account.ts";
import { moneyText, moneyTyped, showMoney } from "../../model/money.ts";
import { NO_SHARES, type Quantity, showQuantity } from "../../model/quantity.ts";
import { partAtMarket, partOfMoney, partOfShares } from "../../model/sizing.ts";
import type { Stock } from "../../model/stock.ts";
import type { Ticket } from "../../model/ticket.ts";
import { useAccount } from "../../venue/hooks.ts";
import { stores } from "../../venue/venue.ts";

const PARTS = [25, 50, 75, 100] as const;

interface SizesProps {
  readonly stock: Stock;
  readonly ticket: Ticket;
  readonly onSize: (change: Partial<Ticket>) => void;
}

export function Sizes({ stock, ticket, onSize }: SizesProps) {
  const account = useAccount();
  if (account.kind !== "here") return null;
  const { side } = ticket;
  const money = account.value.wallet.available;
  const shares = freeShares(account.value, stock.stock);
  const size = (per_cent: number) =>
    onSize(side === "sell" ? sold(partOfShares(shares, per_cent)) : bought(per_cent));

  /** A limit without a price takes the best ask's, and shows it. */
  function bought(per_cent: number): Partial<Ticket> {
    const asks = stores.book(stock.stock).latest?.asks ?? [];
    if (ticket.type === "market") return sold(partAtMarket(money, per_cent, asks));
    const typed = moneyTyped(ticket.price);
    const price = typed ?? asks[0]?.price ?? stock.lastPrice;
    if (price === null) return {};
    return {
      ...sold(partOfMoney(money, per_cent, price)),
      ...(typed === null && { price: moneyText(price) }),
    };
  }

  return (
    <div class="sizes">
      <div class="sizes-parts">
        {PARTS.map((part) => (
          <button
            key={part}
            type="button"
            aria-label={`${part}% of your ${side === "buy" ? "free money" : "free shares"}`}
            onClick={() => size(part)}
          >
            {part}%
          </button>
        ))}
      </div>
      <p class="sizes-free">
        <span class="muted">{side === "buy" ? "Free money" : "Free shares"}</span>{" "}
        <span class="figure">{side === "buy" ? showMoney(money) : showQuantity(shares)}</span>
      </p>
    </div>
  );
}

function sold(quantity: Quantity): Partial<Ticket> {
  return { quantity: quantity === NO_SHARES ? "" : String(quantity) };
}
