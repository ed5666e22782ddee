/** Prints which of the paths in argv below a directory are ignored, as files, and what is reported of it. */

import process from "node:process";
import { gitignore } from "../../src/cli/gitignore.ts";

const [directory, ...paths] = process.argv.slice(2);
const warnings: string[] = [];
const isIgnored = gitignore((text) => warnings.push(text));
const ignored = paths.filter((path) => isIgnored(`${directory}/${path}`, false));
console.log(JSON.stringify({ ignored, warnings }));
