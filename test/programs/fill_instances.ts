/** Opens instances until that fails, and again after closing one; prints the results as JSON. */

import process from "node:process";
import { Inotify, limits, usage } from "../../mod.ts";
import { openFiles } from "../helpers/proc.ts";
import { report } from "../helpers/thrown.ts";

const instances: Inotify[] = [];
let error: unknown;
try {
  while (true) instances.push(new Inotify());
} catch (reason) {
  error = reason;
}
const made = instances.length;
const held = usage().processes.find(({ pid }) => pid === process.pid)?.instances ?? 0;
const { inotify: descriptors } = openFiles();

await instances.pop()?.close();
const again = made > 0 && new Inotify().fd > 0;

console.log(
  JSON.stringify({ limits: limits(), made, error: report(error), held, descriptors, again }),
);
process.exit();
