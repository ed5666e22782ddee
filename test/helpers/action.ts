/** The actions of a scenario: each line changes its directory once. */

import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { spareWatches } from "./namespace.ts";
import { unescape } from "./name.ts";
import { overflowQueue } from "./overflow.ts";

/** Performs the action of a line. @param base the directory of its paths @param where its file and number */
export function performAction(base: string, line: string, where: string): void {
  const [verb, ...args] = line.split(" ");
  const at = (i: number) => join(base, unescape(args[i]));
  const actions: Record<string, () => void> = {
    mkdir: () => void mkdirSync(at(0), { recursive: true }),
    write: () => args.length === 1 ? create(at(0)) : writeFileSync(at(0), args[1]),
    append: () => appendFileSync(at(0), args[1]),
    rm: () => rmSync(at(0), { recursive: true }),
    mv: () => renameSync(at(0), at(1)),
    ln: () => linkSync(at(0), at(1)),
    symlink: () => symlinkSync(unescape(args[0]), at(1)),
    chmod: () => chmodSync(at(1), Number.parseInt(args[0], 8)),
    overflow: () => overflowQueue(at(0)),
    spare: () => spareWatches(Number(args[0])),
    sh: () => void execFileSync("sh", ["-c", args.join(" ")], { cwd: base }),
  };
  if (!(verb in actions)) throw new Error(`${where}: unknown action "${verb}"`);
  actions[verb]();
}

/** Creates an empty file without a `modify`: Bun's writeFileSync truncates the file that it has created. */
function create(path: string): void {
  closeSync(openSync(path, "a"));
}
