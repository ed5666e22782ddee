/** A subject of the path level that runs: the other side of what subject.ts says. */

import { createInterface } from "node:readline";
import { kill, sleep, start } from "../processes.ts";

/** A process that watches, or is about to. */
export interface Session extends AsyncDisposable {
  /** The process that watches. */
  readonly pid: number;
  /** Lets it watch. @returns when it is ready, with the longest time in ms of a busy event loop */
  watch(): Promise<number | undefined>;
  /** @returns whether it sees the end within these seconds */
  seesEnd(seconds: number): Promise<boolean>;
  /** Ends it. @returns when each file was first told of, in ns, or 1; 0 for those which never were */
  stop(): Promise<number[]>;
}

/** Starts a subject. Resolves when it has loaded what it needs. */
export async function begin(command: readonly string[]): Promise<Session> {
  const child = start(command, "/");
  const lines = createInterface(child.stdout!);
  const says = (word: string): Promise<string> => {
    const said = new Promise<string>((resolve, reject) => {
      lines.on("line", (line) => line.startsWith(word) && resolve(line.slice(word.length)));
      lines.once("close", () => reject(new Error(`it ended before it said "${word}"`)));
    });
    said.catch(() => {}); // when nobody waits for it
    return said;
  };
  const [begun, ready, end, times] = ["begin", "ready", "end", "["].map(says);
  await begun;
  return {
    pid: child.pid!,
    async watch() {
      child.stdin!.write("\n");
      const stretch = await ready;
      return stretch === "" ? undefined : Number(stretch);
    },
    seesEnd: (seconds) => Promise.race([end.then(() => true), sleep(seconds).then(() => false)]),
    async stop() {
      child.kill("SIGTERM");
      return JSON.parse(`[${await times}`);
    },
    [Symbol.asyncDispose]: () => kill(child),
  };
}
