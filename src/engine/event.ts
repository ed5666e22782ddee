/**
 * The events that a watcher reports.
 *
 * The file is longer than 300 lines since it documents every one: half of it is comments.
 *
 * @module
 */

import { fromBytes, toBytes, toText } from "../kernel/byte_string.ts";
import {
  IN_ACCESS,
  IN_ATTRIB,
  IN_CLOSE_NOWRITE,
  IN_CLOSE_WRITE,
  IN_MODIFY,
  IN_OPEN,
} from "../kernel/mask.ts";

/**
 * What happened to an entry; see {@link WatchEvent}.
 *
 * @example
 * ```ts
 * import type { EntryKind } from "@inotify/inotify";
 *
 * const SIGNS: Partial<Record<EntryKind, string>> = { create: "+", modify: "~", remove: "-" };
 * console.log(SIGNS["create"]); // +
 * ```
 */
export type EntryKind =
  | "exists"
  | "create"
  | "modify"
  | "closeWrite"
  | "attrib"
  | "remove"
  | "open"
  | "access"
  | "closeNoWrite";

/**
 * Every kind of {@link WatchEvent}.
 *
 * @example
 * ```ts
 * import { watch, type WatchKind } from "@inotify/inotify";
 *
 * const events: WatchKind[] = ["create", "closeWrite", "rename"];
 * await using watcher = watch(".", { events, recursive: false });
 * await watcher.ready;
 * ```
 */
export type WatchKind = WatchEvent["kind"];

/**
 * Something happened to an entry.
 *
 * @example
 * ```ts
 * import type { EntryEvent } from "@inotify/inotify";
 *
 * const toLine = ({ kind, path, isDirectory }: EntryEvent): string =>
 *   `${kind} ${path}${isDirectory ? "/" : ""}`;
 * console.log(toLine({ kind: "create", path: "/tmp/a", isDirectory: true })); // create /tmp/a/
 * ```
 */
export interface EntryEvent {
  /** What happened. A directory's `remove` stands for everything below it, too. */
  readonly kind: EntryKind;
  /** The path: absolute, with U+FFFD for bytes that are not UTF-8. */
  readonly path: string;
  /** The path's bytes, where they are not UTF-8. */
  readonly rawPath?: Uint8Array;
  /** Whether the entry is a directory. */
  readonly isDirectory: boolean;
  /**
   * Whether the entry is a symbolic link; if it is followed to a directory, `isDirectory` is true as well. Only an
   * `exists` says so, and only where the listing of the directory has said it: not of a given path, nor with `since`,
   * after an `overflow`, or in {@link Watcher.batches}.
   */
  readonly isSymbolicLink?: boolean;
}

/**
 * An entry moved to another path, with everything below it.
 *
 * @example
 * ```ts
 * import { watch } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * for (const name of ["draft", "text"]) await Deno.writeTextFile(`${directory}/${name}`, "");
 * await using watcher = watch(directory);
 * await watcher.ready;
 * await Deno.rename(`${directory}/draft`, `${directory}/text`);
 * for await (const event of watcher) {
 *   if (event.kind === "rename") assertEquals(event.replaced, true);
 *   break;
 * }
 * ```
 */
export interface RenameEvent {
  /** Always "rename". */
  readonly kind: "rename";
  /** The new path: absolute, with U+FFFD for bytes that are not UTF-8. */
  readonly path: string;
  /** The new path's bytes, where they are not UTF-8. */
  readonly rawPath?: Uint8Array;
  /** The old path. */
  readonly from: string;
  /** The old path's bytes, where they are not UTF-8. */
  readonly rawFrom?: Uint8Array;
  /** Whether the entry is a directory. */
  readonly isDirectory: boolean;
  /** Whether it overwrote what was at the new path. */
  readonly replaced: boolean;
}

/**
 * Events were lost. What differs now follows; what came and went in between is not reported.
 *
 * @example
 * ```ts
 * import type { WatchEvent } from "@inotify/inotify";
 *
 * function handle(event: WatchEvent): void {
 *   if (event.kind === "overflow") console.warn("some changes came and went unseen");
 * }
 * handle({ kind: "overflow" });
 * ```
 */
export interface OverflowEvent {
  /** Always "overflow". */
  readonly kind: "overflow";
}

/**
 * The set-up is over: the events before this one are of what was there, and of changes until {@link Watcher.ready}
 * resolves; those after it are later changes. It comes once, and only if it is among the requested `events`. After an
 * `overflow` that began before, it follows the differences.
 *
 * @example
 * ```ts
 * import { watch } from "@inotify/inotify";
 *
 * const directory = await Deno.makeTempDir();
 * const events = ["create", "remove", "ready"] as const;
 * for await (const event of watch(directory, { events, initial: true })) {
 *   console.log(event.kind); // exists, then ready
 *   if (event.kind === "ready") break;
 * }
 * ```
 */
export interface ReadyEvent {
  /** Always "ready". */
  readonly kind: "ready";
}

/**
 * Something is mounted at a path, or above it if that is a watched path. What it hides follows as `remove`, and what is
 * there now as `create`; a file of the same name as one that it hides, as `modify`.
 *
 * @example
 * ```ts
 * import type { WatchEvent } from "@inotify/inotify";
 *
 * function handle(event: WatchEvent): void {
 *   if (event.kind === "mount") console.log(`something is mounted at ${event.path}`);
 * }
 * handle({ kind: "mount", path: "/media/stick" });
 * ```
 */
export interface MountEvent {
  /** Always "mount". */
  readonly kind: "mount";
  /** Absolute. */
  readonly path: string;
  /** The path's bytes, where they are not UTF-8. */
  readonly rawPath?: Uint8Array;
}

/**
 * What was mounted at a path, or above it if that is a watched path, is unmounted. What differs now follows.
 *
 * @example
 * ```ts
 * import type { WatchEvent } from "@inotify/inotify";
 *
 * function handle(event: WatchEvent): void {
 *   if (event.kind === "unmount") console.warn(`${event.path} is no longer mounted`);
 * }
 * handle({ kind: "unmount", path: "/media/stick" });
 * ```
 */
export interface UnmountEvent {
  /** Always "unmount". */
  readonly kind: "unmount";
  /** Absolute. */
  readonly path: string;
  /** The path's bytes, where they are not UTF-8. */
  readonly rawPath?: Uint8Array;
}

/**
 * A path cannot be watched. Everything else still is. If it may not be read (EACCES), it is tried again when its
 * attributes change, or those of a directory on the way to it: what is there by then is a `create`.
 *
 * @example
 * ```ts
 * import { InotifyError, type WatchEvent } from "@inotify/inotify";
 *
 * function handle(event: WatchEvent): void {
 *   if (event.kind !== "error") return;
 *   const isLimit = event.error instanceof InotifyError && event.error.code === "ENOSPC";
 *   console.error(isLimit ? "raise the limit of watches" : `${event.path} is not watched`);
 * }
 * handle({ kind: "error", path: "/root", error: new Error("it may not be read") });
 * ```
 */
export interface ErrorEvent {
  /** Always "error". */
  readonly kind: "error";
  /** The path that is not watched: absolute. */
  readonly path: string;
  /** The path's bytes, where they are not UTF-8. */
  readonly rawPath?: Uint8Array;
  /** Why. */
  readonly error: Error;
}

/**
 * What a {@link Watcher} reports, discriminated by `kind`.
 *
 * @example
 * ```ts
 * import type { WatchEvent } from "@inotify/inotify";
 *
 * const files = new Set<string>();
 * function apply(event: WatchEvent): void {
 *   if (event.kind === "create" || event.kind === "exists") files.add(event.path);
 *   if (event.kind === "remove") files.delete(event.path);
 *   if (event.kind === "rename" && files.delete(event.from)) files.add(event.path);
 *   if (event.kind === "error") console.error(event.path, event.error);
 * }
 * apply({ kind: "create", path: "/tmp/a", isDirectory: false });
 * ```
 */
export type WatchEvent =
  | EntryEvent
  | RenameEvent
  | OverflowEvent
  | ReadyEvent
  | MountEvent
  | UnmountEvent
  | ErrorEvent;

/** The kinds that leave an entry where it is, by their bit of the kernel's mask. */
export const CONTENT_KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [IN_MODIFY, "modify"],
  [IN_CLOSE_WRITE, "closeWrite"],
  [IN_ATTRIB, "attrib"],
  [IN_OPEN, "open"],
  [IN_ACCESS, "access"],
  [IN_CLOSE_NOWRITE, "closeNoWrite"],
]);

/** Every kind. */
export const KINDS: readonly WatchKind[] = [
  "exists",
  "create",
  "remove",
  "rename",
  ...CONTENT_KINDS.values(),
  "overflow",
  "ready",
  "mount",
  "unmount",
  "error",
];

/** @param path as lossless text */
export function entryEvent(kind: EntryKind, path: string, isDirectory: boolean): EntryEvent {
  if (path.isWellFormed()) return { kind, path, isDirectory };
  return { kind, path: toText(path), rawPath: toBytes(path), isDirectory };
}

/** @param path as lossless text; @param isSymbolicLink if that is known */
export function existsEvent(
  path: string,
  isDirectory: boolean,
  isSymbolicLink: boolean | undefined,
): EntryEvent {
  const event = entryEvent("exists", path, isDirectory);
  return isSymbolicLink === undefined ? event : { ...event, isSymbolicLink };
}

/** @param path as lossless text */
export function mountEvent(kind: "mount" | "unmount", path: string): MountEvent | UnmountEvent {
  if (path.isWellFormed()) return { kind, path };
  return { kind, path: toText(path), rawPath: toBytes(path) };
}

/** @param path as lossless text */
export function errorEvent(path: string, error: Error): ErrorEvent {
  if (path.isWellFormed()) return { kind: "error", path, error };
  return { kind: "error", path: toText(path), rawPath: toBytes(path), error };
}

/** @param from as lossless text; @param path likewise */
export function renameEvent(
  from: string,
  path: string,
  isDirectory: boolean,
  replaced: boolean,
): RenameEvent {
  return {
    kind: "rename",
    path: toText(path),
    ...path.isWellFormed() ? {} : { rawPath: toBytes(path) },
    from: toText(from),
    ...from.isWellFormed() ? {} : { rawFrom: toBytes(from) },
    isDirectory,
    replaced,
  };
}

/** Whether an event is a change of an entry. */
export function isChange(event: WatchEvent): event is EntryEvent | RenameEvent {
  return "isDirectory" in event;
}

/** The path of an event as lossless text. */
export function losslessPath(
  { path, rawPath }: Exclude<WatchEvent, OverflowEvent | ReadyEvent>,
): string {
  return rawPath === undefined ? path : fromBytes(rawPath);
}

/** The old path of a rename as lossless text. */
export function losslessFrom({ from, rawFrom }: RenameEvent): string {
  return rawFrom === undefined ? from : fromBytes(rawFrom);
}
