/**
 * Opens an instance or a watcher with the package in argv, for the directory in argv, drops the privileges
 * that this needed, and only then uses it. Prints lines of JSON: that it is open, the events, the messages
 * of two errors, and the end.
 */

import process from "node:process";
import { thrown } from "../helpers/thrown.ts";

const [, , what, packageDirectory, directory] = process.argv;
const { IN_CREATE, Inotify, watch }: typeof import("../../mod.ts") = await import(
  `${packageDirectory}/mod.ts`
);
const { libc }: typeof import("../../ffi/libc.ts") = await import(
  `${packageDirectory}/ffi/libc.ts`
);

const EVENTS = 3;

const print = (value: unknown) => console.log(JSON.stringify(value));

function dropPrivileges(): void {
  if (process.getuid!() === 0) process.setuid!(65534);
  const { Deno } = globalThis as unknown as {
    Deno?: { permissions: { revokeSync(descriptor: { name: string }): void } };
  };
  Deno?.permissions.revokeSync({ name: "ffi" });
}

/** Makes each addWatch() fail, as if no watch were free. */
function useUpWatches(): void {
  const ENOSPC = 28;
  Object.assign(libc(), { inotify_add_watch: () => -1, errno: () => ENOSPC });
}

if (what === "instance") {
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  dropPrivileges();
  print("open");
  let wd = -1;
  for (let i = 0; i < EVENTS; i++) {
    const [event] = await inotify.read();
    print(event.name);
    wd = event.wd;
  }
  inotify.rmWatch(wd);
  print(thrown(() => inotify.addWatch("/no/such/directory", IN_CREATE)).message);
  useUpWatches();
  print(thrown(() => inotify.addWatch("/", IN_CREATE)).message);
  await inotify.close();
} else {
  const watcher = watch(directory);
  dropPrivileges();
  await watcher.ready;
  print("open");
  let events = 0;
  for await (const event of watcher) {
    print("path" in event && event.path);
    if (++events === EVENTS) break;
  }
  const broken = watch(`${directory}/file/nothing`);
  print(await broken.ready.then(() => undefined, (error) => error.message));
  useUpWatches();
  print(await watch("/").ready.then(() => undefined, (error) => error.message));
}
print("closed");
