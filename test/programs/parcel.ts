/**
 * Subscribes to a directory, and prints each call of the callback as a line of JSON. The callback throws when it is
 * told of a file `throw`.
 *
 * Arguments: the directory. It ends with its stdin.
 */

import { basename } from "node:path";
import process from "node:process";
import { subscribe, type SubscribeCallback } from "../../src/compat/parcel.ts";

const print = (value: unknown) => console.log(JSON.stringify(value));
const fn: SubscribeCallback = (error, events) => {
  const code = (error as { code?: string } | null)?.code;
  print(code ?? events.map(({ type, path }) => `${type} ${basename(path)}`));
  if (events.some(({ path }) => basename(path) === "throw")) throw new Error("thrown");
};

process.on("uncaughtException", ({ message }) => print(message));
process.stdin.on("end", () => process.exit()).resume();
await subscribe(process.argv[2], fn);
print("ready");
