/**
 * `Path`: a path as the caller gives it, and its forms for C and for messages.
 *
 * @module
 */

/**
 * A path: a string, a `file:` URL, or bytes for a path that is not UTF-8.
 *
 * @example
 * ```ts
 * import { type Path, watch } from "@inotify/inotify";
 *
 * const bytes = new Uint8Array([47, 116, 109, 112, 47, 255]); // /tmp/ and a byte that is not UTF-8
 * const paths: Path[] = [".", new URL("file:///tmp/a%20file"), bytes];
 * await using watcher = watch(paths, { recursive: false });
 * await watcher.ready;
 * ```
 */
export type Path = string | URL | Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The bytes of a path, with C's final NUL byte.
 *
 * @throws {TypeError} if it is not a path
 */
export function toCString(path: Path): Uint8Array {
  if (!(path instanceof Uint8Array)) return encoder.encode(`${text(path)}\0`);
  const ended = new Uint8Array(path.byteLength + 1);
  ended.set(path);
  return ended;
}

/** A path for display: bytes that are not UTF-8 appear as U+FFFD. */
export function toDisplay(path: Path): string {
  return path instanceof Uint8Array ? decoder.decode(path) : text(path);
}

function text(path: string | URL): string {
  if (typeof path === "string") {
    // TextEncoder would replace a lone surrogate, and so name another file.
    if (path.isWellFormed()) return path;
    throw new TypeError(`A path must be well-formed text, and ${JSON.stringify(path)} is not`);
  }
  if (path instanceof URL) return fileURLToPath(path);
  throw new TypeError(`A path is a string, a file: URL or a Uint8Array, not ${String(path)}`);
}

function fileURLToPath(url: URL): string {
  try {
    decodeURIComponent(url.pathname);
  } catch {
    throw new TypeError(
      `A file: URL must be UTF-8, and ${url.href} is not: give the path as a Uint8Array`,
    );
  }
  // Not imported: loading node:url costs Deno milliseconds at each start.
  const { process } = globalThis as unknown as {
    process: {
      getBuiltinModule(name: "node:url"): { fileURLToPath(url: URL): string };
    };
  };
  return process.getBuiltinModule("node:url").fileURLToPath(url);
}
