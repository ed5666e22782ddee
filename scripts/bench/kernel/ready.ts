/** Watches the working directory and waits: the module's cost at the start and while idle. */

import { IN_CREATE, Inotify } from "../../../src/kernel/mod.ts";

const inotify = new Inotify();
inotify.addWatch(".", IN_CREATE);
console.log("ready");
await inotify.read();
