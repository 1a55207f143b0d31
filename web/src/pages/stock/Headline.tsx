// The head of a stock's page: its name, its price, and the figures of the day.
import { useEffect, useRef } from "preact/hooks";
import { decimalsOf, showMoney } from "../../model/money.ts";
import { dayBasisPoints, type Stock } from "../../model/stock.ts";
import { Amount, Change, Shares } from "../../ui/parts/Figures.tsx";

const TITLE_MS = 1_000;

export function Headline({ stock }: { readonly stock: Stock }) {
  const decimals = decimalsOf(stock.tickSize);
  const { lastPrice, name } = stock;
  useTitle(`${lastPrice === null ? "" : `${showMoney(lastPrice, decimals)} `}${name} · pricetime`);
  const prices = [
    ["Bid", stock.bestBid],
    ["Ask", stock.bestAsk],
    ["Open", stock.dayOpen],
    ["High", stock.dayHigh],
    ["Low", stock.dayLow],
  ] as const;
  return (
    <div class="headline">
      <div class="headline-name">
        <h1 tabIndex={-1}>{name}</h1>
        {stock.halted && (
          <span class="badge" data-tone="warn">
            Halted
          </span>
        )}
      </div>
      <p class="headline-price">
        <strong>
          <Amount of={lastPrice} decimals={decimals} />
        </strong>
        <Change of={stock.dayChange} basisPoints={dayBasisPoints(stock)} />
        <span class="unseen">today</span>
      </p>
      <dl class="headline-day">
        {prices.map(([what, price]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>
              <Amount of={price} decimals={decimals} />
            </dd>
          </div>
        ))}
        <div>
          <dt>Volume</dt>
          <dd>
            <Shares of={stock.dayVolume} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

/** The tab follows the price once a second: the browser draws its own frame anew with each change of a title. */
function useTitle(title: string): void {
  const latest = useRef(title);
  latest.current = title;
  useEffect(() => {
    const show = () => {
      if (document.title !== latest.current) document.title = latest.current;
    };
    show();
    const timer = setInterval(show, TITLE_MS);
    return () => clearInterval(timer);
  }, []);
}
