/** The documents: their links lead somewhere, and what they name exists. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname!, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const DOCUMENTS = [
  "README.md",
  "CHANGELOG.md",
  ".github/CONTRIBUTING.md",
  ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`),
];

/** The anchors of a document's headings, as GitHub and JSR make them. */
function anchors(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")
  );
}

/** What is wrong with the relative links of a document. */
function broken(file: string): string[] {
  const links = [...read(file).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
  return links.flatMap(([link, path, anchor]) => {
    const target = path === "" ? file : join(dirname(file), path);
    if (!existsSync(join(root, target))) return [`${file}: ${link} leads nowhere`];
    if (anchor === undefined || anchors(target).includes(anchor)) return [];
    return [`${file}: ${link} has no such heading`];
  });
}

for (const file of DOCUMENTS) {
  test(`${file}: every relative link leads to a file, and to a heading of it`, () => {
    assert.deepEqual(broken(file), []);
  });
}

test("docs/internals.md names only modules that exist, and every module of the engine", () => {
  const text = read("docs/internals.md");
  const inFolders = [...text.matchAll(/`((?:kernel|engine|watch|compat|cli)\/\w+\.ts)`/g)];
  assert.ok(inFolders.length > 10);
  const missing = inFolders.map(([, name]) => name).filter((name) =>
    !existsSync(join(root, "src", name))
  );
  assert.deepEqual(missing, []);
  const section = text.slice(text.indexOf("## Files of the engine"), text.indexOf("## To add"));
  const table = section.split("\n").filter((line) => line.startsWith("| `"));
  const named = table.flatMap((line) => [...line.matchAll(/`(\w+\.ts)`/g)].map(([, name]) => name));
  assert.deepEqual(named.sort(), readdirSync(join(root, "src/engine")).sort());
});

test("README.md has no more than 250 lines", () => {
  assert.ok(read("README.md").split("\n").length <= 250);
});
