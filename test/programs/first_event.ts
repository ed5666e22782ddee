/** Prints limits() and an error of addWatch(), then the first event of the directory in argv. */

import process from "node:process";
import { IN_CREATE, Inotify, limits } from "../../mod.ts";
import { thrown } from "../helpers/thrown.ts";

await using inotify = new Inotify();
const error = thrown(() => inotify.addWatch("/no/such/directory", IN_CREATE));
inotify.addWatch(process.argv[2], IN_CREATE);
console.log(JSON.stringify({ limits: limits(), error }));
const [event] = await inotify.read();
console.log(JSON.stringify(event));
