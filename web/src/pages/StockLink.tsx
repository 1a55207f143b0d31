// The name of a stock, as the way to its page.
import type { StockId } from "../model/ids.ts";
import { useStock } from "../venue/hooks.ts";
import { pathTo } from "./routes.ts";

export function StockLink({ stock }: { readonly stock: StockId }) {
  const name = useStock(stock)?.name ?? `Stock ${stock}`;
  return <a href={pathTo("stock", { stock })}>{name}</a>;
}
