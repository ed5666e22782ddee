/**
 * Watches a directory, runs fill_watches.ts on another one, and prints its error and this process's name
 * and pid as JSON.
 */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { IN_CREATE, Inotify } from "../../mod.ts";
import { command } from "../helpers/runtime.ts";

const [, , own, other] = process.argv;
await using inotify = new Inotify();
inotify.addWatch(own, IN_CREATE);
const [file, args] = command("fill_watches.ts", [other]);
const { stdout, stderr } = spawnSync(file, args, { encoding: "utf8" });
if (stdout === "") throw new Error(stderr);
const holder = `${readFileSync("/proc/self/comm", "utf8").trimEnd()} (${process.pid})`;
console.log(JSON.stringify({ error: JSON.parse(stdout).error, holder }));
