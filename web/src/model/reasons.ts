// Why orders close, in words that end a sentence. What a newer venue may say besides is shown as it is.

const WHY: Readonly<Record<string, string>> = {
  filled: "it is filled",
  cancelled: "it was cancelled",
  ioc: "nobody else was at its price",
  fok: "it could not be filled whole at once",
  self_trade: "it met an order of your own",
  insufficient_funds: "the money ran out",
};

export function whyClosed(reason: string | null): string {
  return reason === null ? "it is closed" : (WHY[reason] ?? reason.replaceAll("_", " "));
}
