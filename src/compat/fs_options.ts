/**
 * The arguments of node:fs's `watch()` and `promises.watch()`, checked as Node.js checks them.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { basename, matchesGlob } from "node:path";
import { withCode, wrongType, wrongValue } from "./fs_error.ts";

/**
 * The names of which no event is reported: a glob, a RegExp, or a function that gets the name. A glob without `/` is
 * for the last part of the name.
 *
 * @example
 * ```ts
 * import { type IgnorePattern, watch } from "@inotify/inotify/fs";
 *
 * const ignore: IgnorePattern[] = ["*.log", /\.tmp$/, (name) => name.startsWith(".")];
 * watch(".", { ignore, persistent: false });
 * ```
 */
export type IgnorePattern = string | RegExp | ((name: string) => boolean);

/**
 * Options of {@link watch} and of {@link promises}.
 *
 * @example
 * ```ts
 * import { watch, type WatchOptions } from "@inotify/inotify/fs";
 *
 * const options: WatchOptions = { recursive: true, ignore: ["node_modules", "*.log"] };
 * const watcher = watch(".", options);
 * watcher.close();
 * ```
 */
export interface WatchOptions {
  /**
   * Whether the watcher keeps the process alive.
   *
   * @default {true}
   */
  readonly persistent?: boolean | undefined;
  /**
   * Whether subdirectories are watched, too.
   *
   * @default {false}
   */
  readonly recursive?: boolean | undefined;
  /**
   * The encoding of the file names; with "buffer" they are bytes.
   *
   * @default {"utf8"}
   */
  readonly encoding?: BufferEncoding | "buffer" | null | undefined;
  /** A signal whose abort closes the watcher; a loop of `promises.watch()` throws an `AbortError` then. */
  readonly signal?: AbortSignal | undefined;
  /** What is not reported. With `recursive`, an ignored directory is not watched, and nothing below it. */
  readonly ignore?: IgnorePattern | readonly IgnorePattern[] | null | undefined;
  /**
   * Only for {@link watch}: whether a missing path is an error. If not, nothing is watched then.
   *
   * @default {true}
   */
  readonly throwIfNoEntry?: boolean | undefined;
  /**
   * Only for `promises.watch()`: how many events may wait for the loop.
   *
   * @default {2048}
   */
  readonly maxQueue?: number | undefined;
  /**
   * Only for `promises.watch()`: what happens when more wait, or the kernel has dropped events. With "ignore" a warning
   * is emitted, and the differences follow; with "error" the loop throws.
   *
   * @default {"ignore"}
   */
  readonly overflow?: "ignore" | "error" | undefined;
}

/** Checked options. */
export interface CheckedOptions {
  readonly persistent: boolean;
  readonly recursive: boolean;
  /** Turns the bytes of a name into what a listener gets. */
  readonly decode: (name: Uint8Array) => string | Buffer;
  readonly signal: AbortSignal | undefined;
  /** Whether a name is ignored; `undefined` if none is. */
  readonly ignores: ((name: string) => boolean) | undefined;
  readonly throwIfNoEntry: boolean;
}

/** @throws {TypeError} unless it is a path that may exist */
export function checkPath(path: unknown): asserts path is string | URL | Uint8Array {
  const isBytes = path instanceof Uint8Array;
  if (!isBytes && typeof path !== "string" && !(path instanceof URL)) {
    throw wrongType('"path" argument', "of type string or an instance of Buffer or URL", path);
  }
  if (isBytes ? path.includes(0) : typeof path === "string" && path.includes("\0")) {
    const expected = "must be a string, Uint8Array, or URL without null bytes";
    throw wrongValue("argument 'path'", expected, isBytes ? [...path] : path);
  }
}

/**
 * @param given an encoding stands for an object with it
 * @param strictly whether `persistent` must be true or false even if `recursive` is not set
 */
export function checkOptions(given: unknown, strictly: boolean): CheckedOptions {
  const options = toObject(given);
  const { encoding, signal, ignore, throwIfNoEntry } = options;
  if (strictly || options.recursive) {
    checkBoolean(options, "persistent");
    checkBoolean(options, "recursive");
  }
  if (encoding && encoding !== "buffer" && !Buffer.isEncoding(encoding)) {
    throw wrongValue("argument 'encoding'", "is invalid encoding", encoding);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== "function") {
    throw wrongType('"options.signal" property', "an instance of AbortSignal", signal);
  }
  return {
    persistent: (options.persistent ?? true) === true,
    recursive: options.recursive === true,
    decode: decoder(encoding || "utf8"),
    signal,
    ignores: ignoring(ignore),
    throwIfNoEntry: throwIfNoEntry ?? true,
  };
}

/** The options of `promises.watch()` that bound its queue. */
export function checkQueue(
  { maxQueue = 2048, overflow = "ignore" }: Pick<WatchOptions, "maxQueue" | "overflow">,
): { readonly maxQueue: number; readonly overflow: "ignore" | "error" } {
  if (typeof maxQueue !== "number") {
    throw wrongType('"options.maxQueue" property', "of type number", maxQueue);
  }
  if (!Number.isInteger(maxQueue)) {
    const message = `The value of "options.maxQueue" must be an integer. Received ${maxQueue}`;
    throw withCode(new RangeError(message), "ERR_OUT_OF_RANGE");
  }
  if (overflow !== "ignore" && overflow !== "error") {
    throw wrongValue("property 'options.overflow'", "must be 'ignore' or 'error'", overflow);
  }
  return { maxQueue, overflow };
}

function toObject(given: unknown): WatchOptions {
  if (given === undefined || given === null || typeof given === "function") return {};
  if (typeof given === "string") return { encoding: given as BufferEncoding };
  if (typeof given === "object") return given;
  throw wrongType('"options" argument', "one of type string or object", given);
}

function checkBoolean(options: WatchOptions, name: "persistent" | "recursive"): void {
  const { [name]: value } = options;
  if (value === undefined || typeof value === "boolean") return;
  throw wrongType(`"options.${name}" property`, "of type boolean", value);
}

function decoder(encoding: BufferEncoding | "buffer"): CheckedOptions["decode"] {
  const toBuffer = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  if (encoding === "buffer") return toBuffer;
  return (name) => toBuffer(name).toString(encoding);
}

function ignoring(ignore: WatchOptions["ignore"]): CheckedOptions["ignores"] {
  if (ignore === undefined || ignore === null) return undefined;
  const all = Array.isArray(ignore)
    ? ignore.map((one: IgnorePattern, i) => matcher(one, `options.ignore[${i}]`))
    : [matcher(ignore as IgnorePattern, "options.ignore")];
  return (name) => all.some((matches) => matches(name));
}

function matcher(pattern: IgnorePattern, option: string): (name: string) => boolean {
  if (pattern instanceof RegExp) return (name) => pattern.exec(name) !== null;
  if (typeof pattern === "function") return pattern;
  if (typeof pattern !== "string") {
    const expected = "one of type string or function or an instance of RegExp";
    throw wrongType(`"${option}" property`, expected, pattern);
  }
  if (pattern === "") throw wrongValue(`property '${option}'`, "must be a non-empty string", "");
  const isPath = pattern.includes("/");
  return (name) => {
    const matched = isPath ? name : basename(name);
    return hidden(matched) <= hidden(pattern) && matchesGlob(matched, pattern);
  };
}

/** How many parts of a path begin with a dot: no wildcard matches that, but for `matchesGlob()` of Bun it does. */
function hidden(path: string): number {
  return path.split("/").filter((part) => part.startsWith(".")).length;
}
