/** In a Worker of the web: watches the directory that it is told, and tells the first name and kind. */

import { IN_CREATE, Inotify, watch } from "../../mod.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: string }) => void;
  postMessage(message: unknown): void;
};

scope.onmessage = async ({ data: directory }) => {
  await using inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  await using watcher = watch(directory);
  await watcher.ready;
  scope.postMessage("ready");
  const [{ name }] = await inotify.read();
  for await (const { kind } of watcher) {
    scope.postMessage([name, kind]);
    break;
  }
};
