/**
 * `RuleFiles`: the files that make git ignore entries, as they were read.
 *
 * They are read by system calls, which take names that are not UTF-8.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { type Libc, O_CLOEXEC, O_NONBLOCK, O_RDONLY } from "../../../ffi/contract.ts";
import { EAGAIN, EISDIR, ENOENT, ENOTDIR } from "../../../ffi/errno.ts";
import { mayRead } from "../../../ffi/program.ts";
import { call } from "../../kernel/call.ts";
import { cString, toText } from "../../kernel/byte_string.ts";
import { strerror } from "../../kernel/reason.ts";

/** What was read at a path. */
interface RuleFile {
  /** Text with one character per byte; `undefined` if nothing is there; an errno if it cannot be read. */
  readonly content: string | number | undefined;
  /** Whether a symbolic link was followed. */
  readonly follow: boolean;
}

/** Files. Each is read once, when it is first needed. */
export class RuleFiles {
  readonly libc: Libc;
  readonly #files = new Map<string, RuleFile>();
  readonly #warn: (text: string) => void;

  /** @param warn reports files that cannot be read */
  constructor(libc: Libc, warn: (text: string) => void) {
    this.libc = libc;
    this.#warn = warn;
  }

  /** The paths that were read, whether or not a file is there; without those that the runtime forbids. */
  get paths(): Iterable<string> {
    return this.#files.keys();
  }

  /**
   * Reads a file.
   *
   * @param path absolute, as lossless text
   * @param follow whether to follow a symbolic link
   * @returns text with one character per byte, "" if it cannot be read; `undefined` if nothing is there
   */
  read(path: string, follow: boolean = true): string | undefined {
    let file = this.#files.get(path);
    if (file === undefined) {
      if (!mayRead(toText(path))) return undefined;
      file = { content: contentOf(this.libc, path, follow), follow };
      this.#files.set(path, file);
      if (typeof file.content === "number") {
        this.#warn(`Cannot read ${toText(path)}: ${strerror(this.libc, file.content)}`);
      }
    }
    return typeof file.content === "number" ? "" : file.content;
  }

  /**
   * Whether a file differs from what was read.
   *
   * @param paths compares the files at and below these paths; with `undefined` among them, all files
   */
  haveChanged(paths: ReadonlySet<string | undefined>): boolean {
    const everywhere = paths.has(undefined);
    for (const [path, { content, follow }] of this.#files) {
      if (!everywhere && !isWithin(path, paths)) continue;
      if (contentOf(this.libc, path, follow) !== content) return true;
    }
    return false;
  }
}

/** Whether a path is one of these, or below one. */
function isWithin(path: string, paths: ReadonlySet<string | undefined>): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
    if (paths.has(path.slice(0, end))) return true;
  }
  return false;
}

/** See {@link RuleFile.content}: "" for what is no file. */
function contentOf(libc: Libc, path: string, follow: boolean): RuleFile["content"] {
  const pathname = cString(path);
  // O_NONBLOCK: open(2) of a pipe would wait for a writer.
  const flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : libc.O_NOFOLLOW);
  const fd = call(libc, () => libc.open(pathname, flags));
  if (fd === -ENOENT || fd === -ENOTDIR) return undefined;
  if (fd < 0) return -fd;
  let text = "";
  let length: number;
  while ((length = call(libc, () => libc.read(fd, buffer, buffer.byteLength), EAGAIN)) > 0) {
    text += buffer.toString("latin1", 0, length);
  }
  libc.close(fd);
  return length === 0 || length === -EAGAIN || length === -EISDIR ? text : -length;
}

const buffer = Buffer.alloc(64 * 1024);
