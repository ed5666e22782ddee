/**
 * Watches the entries of the directory in argv until that fails, and again after releasing a watch;
 * prints the results as JSON. With a second argument, all descriptors are in use.
 */

import { closeSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { IN_CREATE, Inotify, limits, usage } from "../../mod.ts";
import { report } from "../helpers/thrown.ts";

const [, , directory, fill] = process.argv;
const entries = readdirSync(directory).sort().map((name) => join(directory, name));
await using inotify = new Inotify();
const own = () => usage().processes.find(({ pid }) => pid === process.pid)?.watches;

const before = limits();
const wds: number[] = [];
const filled: number[] = [];
let error: unknown;
if (fill) {
  own(); // loads the needed functions of libc
  try {
    while (true) filled.push(openSync("/dev/null", "r"));
  } catch {
    // no descriptor is left
  }
}
try {
  for (const path of entries) wds.push(inotify.addWatch(path, IN_CREATE));
} catch (reason) {
  error = reason;
}
filled.forEach((fd) => closeSync(fd));
const held = own();

inotify.rmWatch(wds[0] ?? inotify.addWatch(entries[0], IN_CREATE));
const again = inotify.addWatch(entries[wds.length], IN_CREATE) > 0;

console.log(
  JSON.stringify({ limits: before, added: wds.length, error: report(error), held, again }),
);
