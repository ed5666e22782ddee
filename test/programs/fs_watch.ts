/** Watches as node:fs does, in the way that argv names, and prints what happens as JSON. Ends if nothing keeps it. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as after } from "node:timers"; // its result has unref() in older versions of Deno too
import { promises, watch } from "../../src/compat/fs.ts";
import { until } from "../helpers/within.ts";

const [what, directory] = process.argv.slice(2);
const print = (value: unknown) => console.log(JSON.stringify(value));
const make = (name: string) => mkdirSync(join(directory, name));

const actions: Record<string, () => unknown> = {
  "persistent: false": () => void watch(directory, { persistent: false }),
  "unref": () => void watch(directory).unref(),
  "unref, ref and unref": () => void watch(directory).unref().ref().unref(),
  "closed": () => watch(directory).close(),
  "aborted": () => void watch(directory, { signal: AbortSignal.abort() }),
  "a missing path that may be missing": () =>
    void watch(join(directory, "missing"), { throwIfNoEntry: false }),
  "unref and ref": () => {
    const watcher = watch(directory).unref().ref();
    const timer = after(() => {
      print("alive");
      watcher.close();
    }, 200);
    timer.unref(); // only the watcher keeps the process alive
  },
  /** A listener throws at each event. */
  "thrown": async () => {
    const thrown = new Set<string>(); // Deno tells both
    const add = (error: Error) => void thrown.add(error.message);
    process.on("uncaughtException", add);
    globalThis.addEventListener?.("error", (event) => {
      event.preventDefault();
      add(event.error);
    });
    const watcher = watch(directory, (eventType, filename) => {
      throw new Error(`${eventType} ${filename}`);
    });
    ["a", "b"].forEach(make);
    await until(() => thrown.size === 2, () => [...thrown]).finally(() => watcher.close());
    print([...thrown]);
  },
  /** The limit of watches is reached. */
  "limit": async () => {
    const thrown: unknown[] = [];
    const attempts = [
      () => watch(directory, { recursive: true }),
      () => promises.watch(directory, { recursive: true }).next(),
    ];
    for (const attempt of attempts) {
      try {
        await attempt();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        const { code, errno, syscall, path, filename } = error as NodeJS.ErrnoException & {
          filename: string;
        };
        thrown.push({ code, errno, syscall, path, filename, message: error.message });
      }
    }
    print(thrown);
  },
  /** Nothing is lost while the loop of promises.watch() does not look. */
  "ignored overflow": async () => {
    const warnings: string[] = [];
    process.on("warning", ({ message }) => void warnings.push(message));
    const events = promises.watch(directory, { maxQueue: 3 });
    const first = events.next();
    make("0");
    await first;
    for (let i = 1; i < 20; i++) make(`${i}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const names = new Set<string>();
    for await (const { filename } of events) {
      names.add(filename);
      if (names.has("19") && names.size >= 19) break;
    }
    print({ names: names.size, warned: warnings.includes("fs.watch maxQueue exceeded") });
  },
};

await actions[what]();
