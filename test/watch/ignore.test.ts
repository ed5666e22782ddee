/** `ignore`: which entries each rule matches, and which rules are refused. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Ignore, ignores } from "../../src/watch/ignore.ts";

/** The ignored ones of some entries; those that end with a slash are directories. */
function ignored(rules: Ignore | Ignore[], entries: string, root: string): string {
  const isIgnored = ignores(rules)!;
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

test("ignores().byName is whether every rule depends on the name only", () => {
  for (const rules of ["a", ["*.o", "!b.o", "{a,b}/"], "[a-c]"]) {
    assert.equal(ignores(rules)!.byName, true, String(rules));
  }
  for (const rules of ["./a", "/a", ["a", "a/b"], "{a,b/c}", /a/, () => true]) {
    assert.equal(ignores(rules)!.byName, false, String(rules));
  }
});

test("ignores() returns undefined without rules", () => {
  assert.equal(ignores(undefined), undefined);
  assert.equal(ignores([]), undefined);
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
