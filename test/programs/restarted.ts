/**
 * Leaves things open in a directory, its first argument, and says so; and does what its second argument
 * says, at SIGUSR2 if it is to end.
 */

import { leaveOpen } from "../helpers/leave_open.ts";

const [directory, way] = Deno.args;
await leaveOpen(directory, true);

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
