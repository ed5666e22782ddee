/** A running subject of the path level: reads the output that subject.ts documents. */

import { createInterface } from "node:readline";
import { kill, sleep, start } from "../processes.ts";

/** The process of a subject. */
export interface Session extends AsyncDisposable {
  /** Its process ID. */
  readonly pid: number;
  /** Makes it watch. @returns once it is ready, the longest time in ms that its event loop was busy */
  watch(): Promise<number | undefined>;
  /** @returns whether it sees the end within the given seconds */
  seesEnd(seconds: number): Promise<boolean>;
  /** Ends it. @returns when each file was first reported, in ns, or 1 for "create"; 0 if it was not */
  stop(): Promise<number[]>;
}

/** Starts a subject. @returns resolves when it has loaded its modules */
export async function begin(command: readonly string[]): Promise<Session> {
  const child = start(command, "/");
  const lines = createInterface(child.stdout!);
  const prints = (word: string): Promise<string> => {
    const printed = new Promise<string>((resolve, reject) => {
      lines.on("line", (line) => line.startsWith(word) && resolve(line.slice(word.length)));
      lines.once("close", () => reject(new Error(`the subject ended before it printed "${word}"`)));
    });
    printed.catch(() => {}); // it may not be awaited
    return printed;
  };
  const [begun, ready, end, times] = ["begin", "ready", "end", "["].map(prints);
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
