/** How each watcher is loaded and started. */

import { watch as watchFs } from "node:fs";
import type { WatchOptions } from "../../../mod.ts";

/** Called for each event with the watcher's own kind and the path, and with the old path of a rename. */
export type See = (kind: string, path: string, from?: string) => void;

/** A running watcher. */
export interface Watching {
  /** Resolves when the watcher is ready; absent if it is once it is constructed. */
  readonly ready?: Promise<unknown>;
  /** Closes the watcher. */
  close(): unknown;
}

/**
 * Watches a path and everything below it.
 *
 * @param ignore a directory below it to ignore, if the watcher supports that
 * @param follows whether symbolic links are followed, if the watcher has a choice
 * @param completes whether files that are complete are reported, as "complete", if the watcher can
 */
export type Watch = (
  path: string,
  see: See,
  ignore?: string,
  follows?: boolean,
  completes?: boolean,
) => Watching;

/** The watchers, by name. @param entry the file of the package, if it has one */
export const watchers: Record<string, (entry: string) => Watch | Promise<Watch>> = {
  none: () => () => ({ close() {} }),

  async module() {
    const { watch } = await import("../../../mod.ts");
    return (path, see, ignore, followSymlinks = false, completes = false) => {
      const options: WatchOptions = {
        followSymlinks,
        ...ignore === undefined ? {} : { ignore },
        ...completes ? { events: ["create", "modify", "remove", "rename", "closeWrite"] } : {},
      };
      const watcher = watch(path, options);
      const loop = async () => {
        for await (const event of watcher) {
          if (event.kind === "rename") see(event.kind, event.path, event.from);
          else if (event.kind === "overflow") see(event.kind, "");
          else if (event.kind === "closeWrite") see("complete", event.path);
          else if ("path" in event) see(event.kind, event.path);
        }
      };
      void loop();
      return watcher;
    };
  },

  deno: () => (path, see, ignore) => {
    const watcher = Deno.watchFs(path, ignore === undefined ? {} : { ignore });
    const loop = async () => {
      for await (const { kind, paths: [path, to], flag } of watcher) {
        if (flag) see(flag, "");
        else if (to === undefined) see(kind, path);
        else see(kind, to, path);
      }
    };
    void loop();
    return watcher;
  },

  fs: () => (path, see, ignore) => {
    const options = { recursive: true, ...ignore === undefined ? {} : { ignore } };
    return watchFs(
      path,
      options,
      (type, path) => see(type === "rename" ? "create" : "modify", path ?? ""),
    );
  },

  async chokidar(entry) {
    const { watch }: Chokidar = await import(entry);
    return (path, see, ignored, _, awaitWriteFinish = false) => {
      const options = ignored === undefined ? {} : { ignored };
      const watcher = watch(path, { ignoreInitial: true, awaitWriteFinish, ...options });
      watcher
        .on("add", (path) => see(awaitWriteFinish ? "complete" : "create", path!))
        .on("change", (path) => see(awaitWriteFinish ? "complete" : "modify", path!))
        .on("addDir", (path) => see("create", path!))
        .on("unlink", (path) => see("remove", path!))
        .on("unlinkDir", (path) => see("remove", path!));
      return {
        ready: new Promise<void>((resolve) => watcher.on("ready", () => resolve())),
        close: () => watcher.close(),
      };
    };
  },

  async parcel(entry) {
    const { subscribe }: Parcel = await import(entry);
    return (path, see, ignore) => {
      const report: Report = (error, events) => {
        if (error) throw error;
        for (const { type, path } of events) see(type === "update" ? "modify" : type, path);
      };
      const ready = subscribe(path, report, ignore === undefined ? {} : { ignore: [ignore] });
      return { ready, close: async () => (await ready).unsubscribe() };
    };
  },
};

interface Chokidar {
  watch(
    path: string,
    options: { ignoreInitial: boolean; awaitWriteFinish: boolean; ignored?: string },
  ): ChokidarWatcher;
}

interface ChokidarWatcher {
  on(event: string, listener: (path?: string) => void): ChokidarWatcher;
  close(): Promise<void>;
}

type Report = (error: unknown, events: { type: string; path: string }[]) => void;

interface Parcel {
  subscribe(
    directory: string,
    callback: Report,
    options: { ignore?: string[] },
  ): Promise<{ unsubscribe(): Promise<void> }>;
}
