/** Watches the working directory and waits, to measure the module's start and its idle cost. */

import { IN_CREATE, Inotify } from "../../../src/kernel/mod.ts";

const inotify = new Inotify();
inotify.addWatch(".", IN_CREATE);
console.log("ready");
await inotify.read();
