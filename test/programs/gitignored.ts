/** Prints which files are ignored, by their paths in argv below a directory, and the warnings. */

import process from "node:process";
import { libc } from "../../ffi/libc.ts";
import { gitignore } from "../../src/cli/gitignore.ts";

const [directory, ...paths] = process.argv.slice(2);
const warnings: string[] = [];
const isIgnored = gitignore(libc(), (text) => warnings.push(text));
const ignored = paths.filter((path) => isIgnored(`${directory}/${path}`, false));
console.log(JSON.stringify({ ignored, warnings }));
