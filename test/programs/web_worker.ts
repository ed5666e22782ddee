/**
 * A web Worker: watches the directory in its first message, and posts the first name and kind. It keeps the
 * instance and the watcher open until the message "close".
 */

import { IN_CREATE, Inotify, watch } from "../../mod.ts";

const scope = globalThis as unknown as {
  onmessage: (event: { readonly data: string }) => void;
  postMessage(message: unknown): void;
  close(): void;
};

scope.onmessage = async ({ data: directory }) => {
  if (directory === "close") return scope.close();
  const inotify = new Inotify();
  inotify.addWatch(directory, IN_CREATE);
  const watcher = watch(directory);
  await watcher.ready;
  scope.postMessage("ready");
  const [{ name }] = await inotify.read();
  for await (const { kind } of watcher) scope.postMessage([name, kind]);
};
