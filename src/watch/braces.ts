/**
 * Brace expansion of globs, as in bash(1): `{a,b}` and `{1..3}` stand for several globs.
 *
 * @module
 */

/** The most globs that one may expand to; more are taken for a mistake, and would take too long to match. */
const MOST = 10_000;

/**
 * Expands the braces of a glob. A brace is literal after `\`, and where it encloses no alternatives, as in
 * `{a}` or `{a,b`.
 *
 * @throws {TypeError} if the glob expands to more than 10,000 globs
 */
export function expand(glob: string): string[] {
  for (let open = nextBrace(glob, 0); open !== -1; open = nextBrace(glob, open + 1)) {
    const close = closingBrace(glob, open + 1);
    if (close === -1) continue;
    const inner = glob.slice(open + 1, close);
    const parts = /(?<!\\)(?:\\\\)*,/.test(inner)
      ? split(inner).flatMap(expand)
      : range(inner) ?? [glob.slice(open, close + 1)];
    const rest = expand(glob.slice(close + 1));
    limit(parts.length * rest.length);
    const before = glob.slice(0, open);
    return parts.flatMap((part) => rest.map((after) => before + part + after));
  }
  return [glob];
}

function limit(count: number): void {
  if (count > MOST) throw new TypeError(`its braces stand for more than ${MOST} globs`);
}

/** The index of the next brace that may open alternatives; -1 if there is none. */
function nextBrace(glob: string, from: number): number {
  for (let i = from; i < glob.length; i++) {
    if (glob[i] === "\\") i++;
    else if (glob[i] === "{" && !(i === 0 && glob[1] === "}")) return i;
  }
  return -1;
}

/** The index of the brace that closes the one just before `from`; -1 if none does, or without alternatives. */
function closingBrace(glob: string, from: number): number {
  let depth = 0;
  let hasAlternatives = false;
  for (let i = from; i < glob.length; i++) {
    if (glob[i] === "\\") i++;
    else if (glob[i] === "{") depth++;
    else if (glob[i] === "}") {
      if (depth > 0) depth--;
      else if (hasAlternatives) return i;
    } else if (depth === 0) {
      hasAlternatives ||= glob[i] === "," || glob.startsWith("..", i) && glob[i + 2] !== "}";
    }
  }
  return -1;
}

/** Splits at the commas that are not in inner braces. */
function split(inner: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let begin = 0;
  for (let i = 0; i < inner.length; i++) {
    if (inner[i] === "\\") i++;
    else if (inner[i] === "{") depth++;
    else if (inner[i] === "}") depth = Math.max(0, depth - 1);
    else if (inner[i] === "," && depth === 0) {
      parts.push(inner.slice(begin, i));
      begin = i + 1;
    }
  }
  parts.push(inner.slice(begin));
  return parts;
}

/** Expands a range, as in `1..10`, `01..10`, `a..e` or `1..10..2`. @returns `undefined` if it is not a range */
function range(inner: string): string[] | undefined {
  const match = /^(?:([-+]?\d+)\.\.([-+]?\d+)|([a-zA-Z])\.\.([a-zA-Z]))(?:\.\.([-+]?\d+))?$/.exec(
    inner,
  );
  if (match === null) return undefined;
  const [, first, last, from = "", to = "", step = "1"] = match;
  const isNumber = first !== undefined;
  const [begin, end] = isNumber
    ? [Number(first), Number(last)]
    : [from.charCodeAt(0), to.charCodeAt(0)];
  const by = Math.abs(Number(step)) || 1;
  if (![begin, end, by].every(Number.isSafeInteger)) return undefined;
  const count = Math.floor(Math.abs(end - begin) / by) + 1;
  limit(count);
  const isPadded = /^-?0./.test(first ?? "") || /^-?0./.test(last ?? "");
  const digits = isPadded ? Math.max(first.length, last.length) : 0;
  return Array.from({ length: count }, (_, i) => {
    const value = begin + (begin <= end ? i : -i) * by;
    if (!isNumber) return literal(String.fromCharCode(value));
    return value < 0
      ? `-${String(-value).padStart(digits - 1, "0")}`
      : String(value).padStart(digits, "0");
  });
}

/** A character as a literal of a glob: of those between `Z` and `a`, some are special. */
function literal(character: string): string {
  return /[A-Za-z]/.test(character) ? character : `\\${character}`;
}
