/** The watchers of paths that JavaScript has: how each is loaded, and how it is set to watch. */

import { watch as watchFs } from "node:fs";

/** Is given what happens: "create" and "modify" are those that count. */
export type See = (kind: string, path: string) => void;

/** Watches a directory and what is below. Resolves, or returns, when the watcher says that it is ready. */
export type Watch = (directory: string, see: See) => Promise<unknown> | void;

/** Each by its name. Those from a package are given its entry. */
export const watchers: Record<string, (entry: string) => Watch | Promise<Watch>> = {
  none: () => () => {},

  async module() {
    const { watch } = await import("../../../mod.ts");
    return (directory, see) => {
      const watcher = watch(directory);
      const loop = async () => {
        for await (const event of watcher) {
          if (event.kind !== "overflow") see(event.kind, event.path);
        }
      };
      void loop();
      return watcher.ready;
    };
  },

  // It has no word for ready, and its constructor returns when all is watched.
  deno: () => (directory, see) => {
    const watcher = Deno.watchFs(directory);
    const loop = async () => {
      for await (const { kind, paths } of watcher) for (const path of paths) see(kind, path);
    };
    void loop();
  },

  // Nor has this one.
  fs: () => (directory, see) => {
    watchFs(
      directory,
      { recursive: true },
      (type, path) => see(type === "rename" ? "create" : "modify", path ?? ""),
    );
  },

  async chokidar(entry) {
    const { watch }: Chokidar = await import(entry);
    return (directory, see) =>
      new Promise<void>((resolve) => {
        watch(directory, { ignoreInitial: true })
          .on("add", (path) => see("create", path!))
          .on("change", (path) => see("modify", path!))
          .on("ready", () => resolve());
      });
  },

  async parcel(entry) {
    const { subscribe }: Parcel = await import(entry);
    return (directory, see) =>
      subscribe(directory, (_error, events) => {
        for (const { type, path } of events) see(type === "update" ? "modify" : type, path);
      });
  },
};

interface Chokidar {
  watch(directory: string, options: { ignoreInitial: boolean }): ChokidarWatcher;
}

interface ChokidarWatcher {
  on(event: string, listener: (path?: string) => void): ChokidarWatcher;
}

interface Parcel {
  subscribe(
    directory: string,
    callback: (error: unknown, events: { type: string; path: string }[]) => void,
  ): Promise<unknown>;
}
