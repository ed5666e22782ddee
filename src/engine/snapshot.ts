/**
 * Pictures as bytes, to be kept in a file. The same picture has the same bytes.
 *
 * A header, then each path, then each entry in depth-first order: flags, the name and a NUL byte, and what is known of
 * its status; behind the entries of a directory is an END. All numbers have their low byte first.
 *
 * @module
 */

import { fromBytes, putText, toBytes } from "../kernel/byte_string.ts";
import { Content, Picture } from "./picture.ts";
import {
  BIRTH,
  CHANGE,
  DIRECTORY,
  INODE,
  LENGTH,
  MODIFICATION,
  SIZE,
  type Status,
  UNKNOWN,
} from "./statuses.ts";

declare const process: {
  getBuiltinModule(name: "node:zlib"): { crc32(data: Uint8Array): number };
};

/** "inotify", and a byte that no text has. */
const MAGIC = [0x69, 0x6e, 0x6f, 0x74, 0x69, 0x66, 0x79, 0x00];
const VERSION = 1;
// The header: MAGIC, u32 version, u32 length, u32 checksum of all behind it.
const [AT_VERSION, AT_LENGTH, AT_CHECKSUM, HEADER] = [8, 12, 16, 20];

// The flags of an entry: those of a status, and these.
const LISTED = 32;
const SAME_MTIME = 64;
const MISSING = 128;
/** The longest status, in bytes. */
const LONGEST = 40;
/** Behind the last entry of a directory. */
const END = 0xff;

/** @returns the bytes */
export function encode({ statuses, roots, missing }: Picture): Uint8Array {
  const writer = new Writer();
  const rest: Iterator<[string, Content, Status | undefined]>[] = [];
  const entries = [...roots.entries].map(([path, status]) => [path, roots, status] as const);
  const nothing = [...missing].filter((path) => !roots.entries.has(path))
    .map((path) => [path, roots, undefined] as const);
  const all = [...entries, ...nothing].sort(([a], [b]) => a < b ? -1 : 1);
  rest.push(all.values() as Iterator<[string, Content, Status | undefined]>);
  while (rest.length > 0) {
    const { done, value } = rest[rest.length - 1].next();
    if (done) {
      writer.byte(END);
      rest.pop();
      continue;
    }
    const [name, content, status] = value;
    const inside = content.directories.get(name);
    if (status === undefined) writer.entry(MISSING, name);
    else writer.status(name, statuses.words, status * LENGTH, inside !== undefined);
    if (inside === undefined) continue;
    const names = [...inside.entries.keys()].sort();
    rest.push(names.values().map((one) => [one, inside, inside.entries.get(one)]));
  }
  return writer.end();
}

/**
 * The picture of bytes that {@link encode} has given.
 *
 * @throws {TypeError} if they are not
 */
export function decode(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new TypeError(`since must be what snapshot() has given, not ${describe(bytes)}`);
  }
  const version = view.getUint32(AT_VERSION, true);
  if (version !== VERSION) {
    throw new TypeError(
      `since is a snapshot of version ${version}, which this version of the module does not read: ` +
        `it reads version ${VERSION}`,
    );
  }
  const length = view.getUint32(AT_LENGTH, true);
  if (length !== bytes.length) {
    const what = length > bytes.length ? "cut off" : "longer than it was";
    throw new TypeError(`since is a snapshot that is ${what}: ${bytes.length} of ${length} bytes`);
  }
  if (checksum(bytes) !== view.getUint32(AT_CHECKSUM, true)) {
    throw new TypeError("since is a damaged snapshot: its checksum is wrong");
  }
  return new Parser(bytes, view).parse();
}

const latin1 = new TextDecoder("latin1");

class Writer {
  #bytes = new Uint8Array(64 * 1024);
  #view = new DataView(this.#bytes.buffer);
  #at = HEADER;

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** An entry with its flags and name. */
  entry(flags: number, name: string): void {
    this.#reserve(3 * name.length + 2 + LONGEST);
    const bytes = this.#bytes;
    bytes[this.#at++] = flags;
    let end = putText(name, bytes, this.#at);
    if (end === undefined) {
      const text = toBytes(name);
      bytes.set(text, this.#at);
      end = this.#at + text.length;
    }
    bytes[end] = 0;
    this.#at = end + 1;
  }

  /** An entry with its status, whose numbers begin at an index. */
  status(name: string, words: Uint32Array, start: number, isListed: boolean): void {
    const [change, modification] = [start + CHANGE, start + MODIFICATION];
    const isSame = words[change] === words[modification] &&
      words[change + 1] === words[modification + 1];
    this.entry(words[start] | (isListed ? LISTED : 0) | (isSame ? SAME_MTIME : 0), name);
    if (words[start] & UNKNOWN) return;
    this.#word(words[start + INODE]);
    this.#word(words[start + INODE + 1]);
    this.#word(words[start + SIZE]);
    this.#view.setUint16(this.#at, words[start + SIZE + 1], true);
    this.#at += 2;
    const end = isSame ? modification : modification + 2;
    for (let i = start + BIRTH; i < end; i++) this.#word(words[i]);
  }

  /** The bytes, with their header. */
  end(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.#at);
    bytes.set(MAGIC);
    const view = new DataView(bytes.buffer);
    view.setUint32(AT_VERSION, VERSION, true);
    view.setUint32(AT_LENGTH, bytes.length, true);
    view.setUint32(AT_CHECKSUM, checksum(bytes), true);
    return bytes;
  }

  #word(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const bytes = new Uint8Array(2 * (this.#at + length));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

class Parser {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #picture = new Picture();
  /** All bytes as text, of which ASCII names are slices. */
  readonly #text: string;
  #at = HEADER;

  constructor(bytes: Uint8Array, view: DataView) {
    this.#text = latin1.decode(bytes);
    this.#bytes = bytes;
    this.#view = view;
  }

  parse(): Picture {
    const { roots, missing } = this.#picture;
    const rest = [roots];
    while (rest.length > 0) {
      const content = rest[rest.length - 1];
      const flags = this.#byte();
      if (flags === END) {
        rest.pop();
        continue;
      }
      const name = this.#name();
      if (flags & MISSING) {
        missing.add(name);
        continue;
      }
      content.entries.set(name, this.#status(flags));
      if (!(flags & LISTED)) continue;
      const inside = new Content();
      content.directories.set(name, inside);
      rest.push(inside);
    }
    if (this.#at !== this.#bytes.length) throw damaged();
    return this.#picture;
  }

  #status(flags: number): Status {
    const { statuses } = this.#picture;
    const status = statuses.add((flags & DIRECTORY) !== 0);
    const { words } = statuses;
    const start = status * LENGTH;
    words[start] = flags & ~(LISTED | SAME_MTIME);
    if (flags & UNKNOWN) return status;
    for (let i = INODE; i <= SIZE; i++) words[start + i] = this.#word();
    words[start + SIZE + 1] = this.#byte() | this.#byte() << 8;
    for (let i = BIRTH; i < MODIFICATION; i++) words[start + i] = this.#word();
    for (const i of [0, 1]) {
      words[start + MODIFICATION + i] = flags & SAME_MTIME
        ? words[start + CHANGE + i]
        : this.#word();
    }
    return status;
  }

  #name(): string {
    const start = this.#at;
    const bytes = this.#bytes;
    let end = start;
    let bits = 0;
    for (; bytes[end] > 0; end++) bits |= bytes[end];
    if (end === start || end >= bytes.length) throw damaged();
    this.#at = end + 1;
    return bits < 0x80 ? this.#text.slice(start, end) : fromBytes(bytes.subarray(start, end));
  }

  #byte(): number {
    if (this.#at >= this.#bytes.length) throw damaged();
    return this.#bytes[this.#at++];
  }

  #word(): number {
    if (this.#at + 4 > this.#bytes.length) throw damaged();
    this.#at += 4;
    return this.#view.getUint32(this.#at - 4, true);
  }
}

/** The checksum is right, and so somebody has made these bytes. */
function damaged(): TypeError {
  return new TypeError("since is a damaged snapshot: its entries do not end where it ends");
}

/** CRC-32 of all behind the checksum. */
function checksum(bytes: Uint8Array): number {
  // Not imported, since most programs never need it, and it takes longer than the rest of a start.
  return process.getBuiltinModule("node:zlib").crc32(bytes.subarray(HEADER));
}

function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return "0 bytes";
  const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `${bytes.length} bytes that begin with ${start.join(" ")}`;
}
