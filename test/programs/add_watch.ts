/** Watches the path in argv and prints the error of that as JSON. */

import process from "node:process";
import { IN_CREATE, Inotify } from "../../mod.ts";
import { thrown } from "../helpers/thrown.ts";

await using inotify = new Inotify();
console.log(JSON.stringify(thrown(() => inotify.addWatch(process.argv[2], IN_CREATE))));
