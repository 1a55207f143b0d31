// Paths with named parts, such as `/stocks/:stock`: filling them in and reading them. Pure.

/** The names of the parts of a pattern. */
export type PartsOf<Pattern extends string> = Pattern extends `${infer Head}/${infer Tail}`
  ? PartsOf<Head> | PartsOf<Tail>
  : Pattern extends `:${infer Name}`
    ? Name
    : never;

export type ParamsOf<Pattern extends string> = { readonly [Name in PartsOf<Pattern>]: string };

export function filledPath<Pattern extends string>(pattern: Pattern, params: ParamsOf<Pattern>): string {
  const values: Readonly<Record<string, string>> = params;
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? ""));
}

/** The parts of a path that fits the pattern, or null. */
export function paramsOf(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split("/");
  const given = path.replace(/(.)\/$/, "$1").split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [at, part] of wanted.entries()) {
    const value = given[at] ?? "";
    if (part.startsWith(":") && value !== "") params[part.slice(1)] = decoded(value);
    else if (part !== value) return null;
  }
  return params;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
