/**
 * Braces in globs, as bash expands them: `{a,b}` and `{1..3}` stand for several globs.
 *
 * @module
 */

/** How many globs one may stand for: what is more is a mistake, or takes more time than anybody has. */
const MOST = 10_000;

/**
 * The globs that one with braces stands for. A brace is itself after a `\`, and where there is nothing to
 * choose from, as in `{a}` or `{a,b`.
 *
 * @throws {TypeError} if they are more than ten thousand
 */
export function expand(glob: string): string[] {
  for (let open = brace(glob, 0); open !== -1; open = brace(glob, open + 1)) {
    const close = closing(glob, open + 1);
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

/** The next brace that may have something in it. */
function brace(glob: string, from: number): number {
  for (let i = from; i < glob.length; i++) {
    if (glob[i] === "\\") i++;
    else if (glob[i] === "{" && !(i === 0 && glob[1] === "}")) return i;
  }
  return -1;
}

/** Where the braces end that begin before a position; -1 if there is no end, or nothing to choose from. */
function closing(glob: string, from: number): number {
  let depth = 0;
  let isChoice = false;
  for (let i = from; i < glob.length; i++) {
    if (glob[i] === "\\") i++;
    else if (glob[i] === "{") depth++;
    else if (glob[i] === "}") {
      if (depth > 0) depth--;
      else if (isChoice) return i;
    } else if (depth === 0) {
      isChoice ||= glob[i] === "," || glob.startsWith("..", i) && glob[i + 2] !== "}";
    }
  }
  return -1;
}

/** What is between the commas, but for those in inner braces. */
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

/** `1..10`, `01..10`, `a..e`, each also with a step as in `1..10..2`; `undefined` if it is none. */
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

/** A character that is itself in a glob: some lie between the upper case letters and the lower. */
function literal(character: string): string {
  return /[A-Za-z]/.test(character) ? character : `\\${character}`;
}
