/**
 * `Watched`: a path that is watched as node:fs watches it.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { ENOENT } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { losslessFrom, losslessPath, type WatchEvent, type WatchKind } from "../engine/event.ts";
import { absolute } from "../kernel/absolute.ts";
import { fromBytes, toBytes, toText } from "../kernel/byte_string.ts";
import { InotifyError } from "../kernel/error.ts";
import { typeOf } from "../kernel/files.ts";
import { type Path, toCString, toDisplay } from "../kernel/path.ts";
import { failureOf, watch, type Watcher } from "../watch/watcher.ts";
import { systemError } from "./fs_error.ts";
import type { CheckedOptions } from "./fs_options.ts";

/**
 * What node:fs finds out with `recursive`, by looking: what is below a directory that is renamed has gone and come,
 * and a file that is renamed over another one has changed it. That is what is reported without `rename`.
 */
const RECURSIVE: readonly WatchKind[] = ["create", "modify", "attrib", "remove"];

/** An event of node:fs: its type, and the name as it was asked for. */
type Change = readonly [eventType: "rename" | "change", filename: string | Buffer];

/** A watched path. */
export class Watched {
  /** Its watcher. */
  readonly watcher: Watcher;
  /** The path as it was given, for errors. */
  readonly #given: string;
  /** The absolute path, as lossless text. */
  readonly #root: string;
  /** The last part of the path as it was given. */
  readonly #name: string;
  readonly #options: CheckedOptions;

  /** @throws {Error} as node:fs does, if the path cannot be watched */
  constructor(path: Path, options: CheckedOptions, maxQueue?: number) {
    this.#given = toDisplay(path);
    this.#name = lastPart(fromBytes(toCString(path).subarray(0, -1)).replace(/\/+$/, ""));
    this.#options = options;
    if (this.#given === "") throw this.#missing(ENOENT);
    try {
      this.#root = absolute(libc(), path);
      this.watcher = this.#watch(path, maxQueue);
    } catch (error) {
      throw systemError(error, this.#given);
    }
    const failure = failureOf(this.watcher);
    if (failure !== undefined) throw this.error(failure);
    const type = typeOf(libc(), this.#root, true);
    if (type >= 0) return;
    void this.watcher.close();
    if (-type !== ENOENT || options.throwIfNoEntry) throw this.#missing(-type);
  }

  /** An event as those of node:fs. */
  *changes(event: WatchEvent): Generator<Change, undefined> {
    switch (event.kind) {
      case "rename":
        yield* this.#change("rename", losslessFrom(event));
        return yield* this.#change("rename", losslessPath(event));
      case "create":
      case "remove":
      case "unmount":
        return yield* this.#change("rename", losslessPath(event));
      case "attrib":
        // libuv takes each event with IN_ISDIR for a rename. With `recursive`, node:fs looks what has come or gone.
        if (!event.isDirectory) return yield* this.#change("change", losslessPath(event));
        if (!this.#options.recursive) yield* this.#change("rename", losslessPath(event));
        return;
      case "modify":
        return yield* this.#change("change", losslessPath(event));
    }
  }

  /** An error as that of node:fs. @param path the path that cannot be watched, if it is not the given one */
  error(error: unknown, path: string = toText(this.#root)): unknown {
    return systemError(error, path === toText(this.#root) ? this.#given : path);
  }

  #watch(path: Path, maxQueue?: number): Watcher {
    const { persistent, recursive, ignores } = this.#options;
    const root = toText(this.#root);
    return watch(path, {
      recursive,
      persistent,
      blocking: true,
      events: recursive ? RECURSIVE : [...RECURSIVE, "rename"],
      ...recursive && ignores && { ignore: (path: string) => ignores(below(root, path)) },
      ...maxQueue !== undefined && { maxQueue: Math.max(2, maxQueue) },
    });
  }

  *#change(eventType: Change[0], path: string): Generator<Change, undefined> {
    const { ignores, decode } = this.#options;
    const name = this.#nameOf(path, eventType);
    if (name !== "" && ignores?.(toText(name))) return;
    yield [eventType, decode(toBytes(name))];
  }

  /** The name of a path in an event. */
  #nameOf(path: string, eventType: Change[0]): string {
    const { recursive } = this.#options;
    if (path !== this.#root) return recursive ? below(this.#root, path) : lastPart(path);
    // With `recursive`, a root that goes is named by the way to it from the root.
    return recursive && eventType === "rename" ? "" : this.#name;
  }

  #missing(errno: number): unknown {
    const action = `watch ${JSON.stringify(this.#given)}`;
    return systemError(
      new InotifyError(action, "nothing is there", { errno, syscall: "statx" }),
      this.#given,
    );
  }
}

/** A path relative to a directory that it is in. */
function below(directory: string, path: string): string {
  return path.slice(directory === "/" ? 1 : directory.length + 1);
}

/** The last part of a path. That of node:path takes no lossless text on Bun. */
function lastPart(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
