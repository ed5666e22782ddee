/**
 * The files that tell git what to ignore, as they were read.
 *
 * They are read by system calls, to which a name that is not UTF-8 is a name like any other.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { O_CLOEXEC, O_NONBLOCK, O_RDONLY } from "../../../ffi/contract.ts";
import { EAGAIN, EISDIR, ENOENT, ENOTDIR } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { mayRead } from "../../../ffi/program.ts";
import { call } from "../../kernel/call.ts";
import { cString, toText } from "../../kernel/byte_string.ts";
import { strerror } from "../../kernel/reason.ts";

/** What was looked for at a path. */
interface Source {
  /** A character for each byte; `undefined` if nothing is there, a number if that cannot be read: an errno. */
  readonly content: string | number | undefined;
  readonly follow: boolean;
}

/** Files, each read once, when it is first asked for. */
export class Sources {
  readonly #sources = new Map<string, Source>();
  readonly #warn: (text: string) => void;

  /** @param warn reports what cannot be read */
  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  /** The paths that were asked for and that the runtime lets the program read. */
  get paths(): Iterable<string> {
    return this.#sources.keys();
  }

  /**
   * What a file holds, as text with a character for each byte; nothing if it cannot be read.
   *
   * @param path absolute, as lossless text
   * @param follow whether it may be a symbolic link
   * @returns `undefined` if nothing is there
   */
  read(path: string, follow: boolean = true): string | undefined {
    let source = this.#sources.get(path);
    if (source === undefined) {
      if (!mayRead(toText(path))) return undefined;
      source = { content: contentOf(path, follow), follow };
      this.#sources.set(path, source);
      if (typeof source.content === "number") {
        this.#warn(`Cannot read ${toText(path)}: ${strerror(libc(), source.content)}`);
      }
    }
    return typeof source.content === "number" ? "" : source.content;
  }

  /**
   * Whether something else is there now than when it was read.
   *
   * @param paths where that may be so, or below; with `undefined` it is everywhere
   */
  differ(paths: ReadonlySet<string | undefined>): boolean {
    const everywhere = paths.has(undefined);
    for (const [path, { content, follow }] of this.#sources) {
      if (!everywhere && !isWithin(path, paths)) continue;
      if (contentOf(path, follow) !== content) return true;
    }
    return false;
  }
}

/** Whether a path is one of several, or below one. */
function isWithin(path: string, paths: ReadonlySet<string | undefined>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (paths.has(path.slice(0, end))) return true;
  }
  return false;
}

/** See {@link Source.content}. What is no file is empty. */
function contentOf(path: string, follow: boolean): Source["content"] {
  const c = libc();
  const pathname = cString(path);
  // A pipe is not waited for.
  const flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : c.O_NOFOLLOW);
  const fd = call(c, () => c.open(pathname, flags));
  if (fd === -ENOENT || fd === -ENOTDIR) return undefined;
  if (fd < 0) return -fd;
  let text = "";
  let length: number;
  while ((length = call(c, () => c.read(fd, buffer, buffer.byteLength), EAGAIN)) > 0) {
    text += buffer.toString("latin1", 0, length);
  }
  c.close(fd);
  return length === 0 || length === -EAGAIN || length === -EISDIR ? text : -length;
}

const buffer = Buffer.alloc(64 * 1024);
