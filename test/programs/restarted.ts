/**
 * Leaves instances and a watcher open for the directory in its first argument, prints "open", and behaves
 * as its second argument names; ways to end wait for SIGUSR2.
 */

import { leaveOpen } from "../helpers/leave_open.ts";

const [directory, way] = Deno.args;
await leaveOpen(directory);

function end(how: () => void): void {
  Deno.addSignalListener("SIGUSR2", () => {
    console.log(JSON.stringify("ends"));
    how();
  });
}

const ways: Record<string, () => unknown> = {
  "keeps running": () => {},
  "waits at the top level": () => new Promise(() => {}),
  "throws": () =>
    end(() => {
      throw new Error("mine");
    }),
  "exits": () => end(() => Deno.exit(3)),
};
const done = ways[way]();
console.log(JSON.stringify("open"));
await done;
