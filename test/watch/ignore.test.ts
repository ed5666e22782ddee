/** `ignore` and `include`: which entries each rule matches, and which rules are refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Dependence } from "../../src/engine/tree.ts";
import { type Ignore, ignores } from "../../src/watch/ignore.ts";

/** The ignored ones of some entries; those that end with a slash are directories. */
function ignored(
  rules: Ignore | Ignore[],
  entries: string,
  root: string,
  include: Ignore | Ignore[] = [],
): string {
  const isIgnored = ignores(rules, include)!;
  const paths = entries.split(" ").filter((entry) => {
    const path = `${root === "/" ? "" : root}/${entry.replace(/\/$/, "")}`;
    return isIgnored(path, entry.endsWith("/"), root);
  });
  return paths.join(" ");
}

const ENTRIES = "a a/ .a b.o .b.o dist dist/ dist/a src/ src/a src/dist/ src/dist/a src/x/y/a";

for (
  const [rules, expected] of [
    // By name, at any depth
    ["a", "a a/ dist/a src/a src/dist/a src/x/y/a"],
    ["*.o", "b.o .b.o"],
    [".*", ".a .b.o"],
    ["?a", ".a"],
    ["d*", "dist dist/ src/dist/"],
    ["dist/", "dist/ src/dist/"],
    ["**", ENTRIES],
    ["**/", "a/ dist/ src/ src/dist/"],
    // By the path relative to the watched one
    ["./a", "a a/"],
    ["././/a", "a a/"],
    ["./dist/", "dist/"],
    ["src/a", "src/a"],
    ["src//a", "src/a"],
    ["./src/a", "src/a"],
    ["src/*", "src/a src/dist/"],
    ["src/*/", "src/dist/"],
    ["src/**", "src/a src/dist/ src/dist/a src/x/y/a"],
    ["src/**/a", "src/a src/dist/a src/x/y/a"],
    ["**/a", "a a/ dist/a src/a src/dist/a src/x/y/a"],
    ["**/dist/a", "dist/a src/dist/a"],
    ["*/a", "dist/a src/a"],
    ["rc/a", ""],
    // By the absolute path
    ["/a", ""],
    ["/r/s/a", "a a/"],
    ["/r/s/dist/", "dist/"],
    ["/r/**/y/*", "src/x/y/a"],
    ["/**/s/a", "a a/"],
    // Braces
    ["{a,*.o}", "a a/ b.o .b.o dist/a src/a src/dist/a src/x/y/a"],
    ["{./a,src/{a,dist}/,/r/s/.a}", "a a/ .a src/dist/"],
    ["{b,}.o", "b.o"],
    ["{b.o,}", "b.o"],
    // Lists, in which the last match decides
    [["a", "!./a"], "dist/a src/a src/dist/a src/x/y/a"],
    [["!./a", "a"], "a a/ dist/a src/a src/dist/a src/x/y/a"],
    ["!a", ""],
    [["**", "!{a,*.o}"], ".a dist dist/ src/ src/dist/"],
    [
      ["**", "!**/", "dist/"],
      "a .a b.o .b.o dist dist/ dist/a src/a src/dist/ src/dist/a src/x/y/a",
    ],
    [[/\/\.[^/]*$/, "!*.o"], ".a"],
    [[(path) => path.endsWith(".o"), "!.b.*", /dist$/], "b.o dist dist/ src/dist/"],
    ["\\!a", ""],
  ] as [Ignore | Ignore[], string][]
) {
  test(`ignore: ${Array.isArray(rules) ? rules.map(String).join(" ") : String(rules)}`, () => {
    assert.equal(ignored(rules, ENTRIES, "/r/s"), expected);
  });
}

for (
  const [include, ignore, expected] of [
    ["a", [], "a a/ dist/ dist/a src/ src/a src/dist/ src/dist/a src/x/y/a"],
    [["*.o", "!.b.o"], [], "a/ b.o dist/ src/ src/dist/"],
    ["src/**", [], "a/ dist/ src/ src/a src/dist/ src/dist/a src/x/y/a"],
    [/\/dist\/a$/, [], "a/ dist/ dist/a src/ src/dist/ src/dist/a"],
    [
      (path: string, isDirectory: boolean) => isDirectory || path.endsWith(".o"),
      [],
      "a/ b.o .b.o dist/ src/ src/dist/",
    ],
    ["{dist,*.o}", [], "a/ b.o .b.o dist dist/ src/ src/dist/"],
    // Without a match: nothing, but for a list that only takes back
    ["none", [], "a/ dist/ src/ src/dist/"],
    [["!a", "!dist"], [], "a/ .a b.o .b.o dist/ src/ src/dist/"],
    [
      ["!*.o", "b.o"],
      [],
      "a a/ .a b.o dist dist/ dist/a src/ src/a src/dist/ src/dist/a src/x/y/a",
    ],
    [[], "a", ".a b.o .b.o dist dist/ src/ src/dist/"],
    // What is ignored is not included
    ["a", ["src/a", "dist/"], "a a/ dist/a src/ src/dist/a src/x/y/a"],
  ] as [Ignore | Ignore[], Ignore[], string][]
) {
  test(`include: ${String(include)}, ignore: ${String(ignore)}`, () => {
    const all = ENTRIES.split(" ");
    const leftOut = ignored(ignore, ENTRIES, "/r/s", include).split(" ");
    assert.equal(all.filter((entry) => !leftOut.includes(entry)).join(" "), expected);
  });
}

test("include: a function is asked about files only, and not about ignored ones", () => {
  const asked: string[] = [];
  const isLeftOut = ignores(
    "*.o",
    (path, isDirectory) => asked.push(`${path} ${isDirectory}`) > 0,
  )!;
  for (const path of ["/a.o", "/a.c"]) isLeftOut(path, false, "/");
  isLeftOut("/d", true, "/");
  assert.deepEqual(asked, ["/a.c false"]);
});

test("ignore: a relative glob works for a watched path of /", () => {
  assert.equal(ignored("./a", ENTRIES, "/"), "a a/");
  assert.equal(ignored("/a", ENTRIES, "/"), "a a/");
  assert.equal(ignored("src/**/a", ENTRIES, "/"), "src/a src/dist/a src/x/y/a");
});

test("ignore: a glob that begins with an escape has that character as a literal", () => {
  assert.equal(ignored(["\\!a", "\\{b}", "\\*"], "!a a {b} b * c", "/r"), "!a {b} *");
});

test("ignore: an unclosed [ or {, and a final backslash, are literal", () => {
  assert.equal(
    ignored(["[a", "{b,c", "d}", "e\\"], "[a a {b,c b d} d e\\ e", "/r"),
    "[a {b,c d} e\\",
  );
});

test("ignore: a byte that is not UTF-8 is one character for a glob, and U+FFFD for a RegExp and a function", () => {
  const name = "/r/\udce2\udc82.txt"; // the first two bytes of a three-byte character
  for (
    const [rule, expected] of [
      ["*", true],
      ["*.txt", true],
      ["??.txt", true],
      ["[!a]?.txt", true],
      ["?.txt", false],
      ["???.txt", false],
      [/^\/r\/\ufffd\.txt$/, true],
      [(path: string) => path === "/r/\ufffd.txt", true],
    ] as const
  ) assert.equal(ignores(rule)!(name, false, "/r"), expected, String(rule));
});

test("ignore: a function is not called for an entry that is already ignored", () => {
  const asked: string[] = [];
  const isIgnored = ignores(["*.o", (path) => asked.push(path) < 0])!;
  for (const path of ["/a.o", "/a.c"]) isIgnored(path, false, "/");
  assert.deepEqual(asked, ["/a.c"]);
});

test("ignores().dependsOn is what all rules depend on", () => {
  const cases: Record<Dependence, Ignore[][]> = {
    name: [["a"], ["*.o", "!b.o", "{a,b}/"], ["[a-c]"]],
    path: [["/a"], ["a", /a/], [() => true], ["{a,/b}"]],
    root: [["./a"], ["a", "a/b"], ["{a,b/c}"], [/a/, "a/b"], ["/a", "./b"]],
  };
  for (const [dependsOn, lists] of Object.entries(cases)) {
    for (const rules of lists) assert.equal(ignores(rules)!.dependsOn, dependsOn, `${rules}`);
  }
  assert.equal(ignores("a", "b")!.dependsOn, "name");
  assert.equal(ignores("a", "./b")!.dependsOn, "root");
  assert.equal(ignores(/a/, "b")!.dependsOn, "path");
});

test("ignores() returns undefined without rules", () => {
  assert.equal(ignores(undefined), undefined);
  assert.equal(ignores([], []), undefined);
});

for (
  const [rule, why] of [
    ["", /^ignore takes globs, and not "": it is empty$/],
    ["!", /and not "!": it is empty$/],
    ["{,}", /it is empty$/],
    ["/", /and not "\/": it names no entry$/],
    ["./", /and not ".\/": it names no entry$/],
    ["{a,/}", /it names no entry$/],
    ["../a", /and not "..\/a": no path has "." or ".." in it$/],
    [".", /no path has/],
    ["a/..", /no path has/],
    ["!a/./b", /no path has/],
    ["[[:word:]]", /there is no class \[:word:\]$/],
    ["{1..99999}", /stand for more than 10000 globs$/],
    [5, /^ignore takes globs, RegExps and functions, and not 5$/],
    [5n, /and not 5$/],
    [null, /and not null$/],
    [["a"], /and not a$/],
    [{}, /and not \[object Object\]$/],
    [Symbol("a"), /and not Symbol\(a\)$/],
  ] as const
) {
  test(`ignore: [${JSON.stringify(String(rule))}] throws a TypeError`, () => {
    assert.throws(() => ignores([rule as Ignore]), { name: "TypeError", message: why });
  });
}

for (
  const [rule, why] of [
    ["", /^include takes globs, and not "": it is empty$/],
    ["src/", /^include takes globs, and not "src\/": it matches no file; .* is "src\/\*\*"$/],
    ["!{a,b}/", /it matches no file/],
    [5, /^include takes globs, RegExps and functions, and not 5$/],
  ] as const
) {
  test(`include: [${JSON.stringify(String(rule))}] throws a TypeError`, () => {
    assert.throws(() => ignores(undefined, [rule as Ignore]), { name: "TypeError", message: why });
  });
}

test("include: a function that returns a promise is a TypeError", () => {
  const include = (() => Promise.resolve(false)) as unknown as Ignore;
  assert.throws(() => ignores(undefined, include)!("/a", false, "/"), {
    name: "TypeError",
    message: "A function in include must return a boolean, not a promise",
  });
});
