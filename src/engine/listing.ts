/**
 * `Listing`: the entries of a directory, packed: their types and names as getdents64(2) gives them, decoded on demand.
 *
 * Most directories of a big tree are never asked. As packed bytes, their entries take a fifth of the memory.
 *
 * @module
 */

import { fromBytes } from "../kernel/byte_string.ts";

// `struct linux_dirent64`: u64 d_ino; s64 d_off; u16 d_reclen; u8 d_type; char d_name[].
const D_OFF = 8;
const D_RECLEN = 16;
const D_TYPE = 18;
const D_NAME = 19;

const DT_UNKNOWN = 0;
const DT_DIR = 4;
const DT_LNK = 10;

// A part in an arena: where it would be read on (d_off of its last entry), then each entry: u8 type; char name[]; and END.
const ENTRIES = 8;
const NAME = 1;
const TYPES = 0x0f;
const END = 0xff;

const DOT = 0x2e;
const latin1 = new TextDecoder("latin1");

/**
 * How many parts may be where one was before, if not as many as are new: while names come and go, one may be read
 * again, and only a circle gives all of them again.
 */
const REPEATS = 16;
/** How many types are looked up at a step. */
const FEW = 16;
/** A part without entries. */
const NONE = new Uint8Array(ENTRIES + 1).fill(END);
/** The size of an arena, in bytes. */
const ARENA = 64 * 1024;
/** Listings are kept one behind the other: an array for each would take more memory than its content. */
let arena = NONE;
let used = 0;

/** The parts of a large directory. */
interface Parts {
  /** All but the first. */
  readonly others: Listing[];
  /** Where they are. */
  readonly places: Set<string>;
  /** How many were where one had been before. */
  repeats: number;
}

/** The entries of a directory, but `.` and `..`; for a large one, its first part and the others. */
export class Listing {
  #bytes = NONE;
  #start = 0;
  #parts: Parts | undefined;

  /**
   * Adds what a call returned: the first bytes of a buffer, which are copied.
   *
   * @returns whether to read on; if not, the file system lists in a circle, without an end
   */
  push(buffer: Uint8Array, length: number): boolean {
    if (this.#bytes === NONE) {
      this.#pack(buffer, length);
      return true;
    }
    const part = new Listing();
    part.#pack(buffer, length);
    const parts = this.#parts ??= { others: [], places: new Set([this.#place()]), repeats: 0 };
    const { others, places } = parts;
    others.push(part);
    const { size } = places;
    if (places.add(part.#place()).size === size) parts.repeats++;
    return parts.repeats < Math.max(REPEATS, places.size);
  }

  /** Whether one call did not return all of it: so much that the event loop has a turn between its parts. */
  get isLarge(): boolean {
    return this.#parts !== undefined;
  }

  /** Itself for the first part, and the others. */
  get parts(): readonly Listing[] {
    return [this, ...this.#parts?.others ?? []];
  }

  /** Whether the file system gave the types of the entries that were pushed last. */
  get hasTypes(): boolean {
    const part = this.#last;
    const bytes = part.#bytes;
    for (let at = part.#first; bytes[at] !== END; at = next(bytes, at)) {
      if (bytes[at] === DT_UNKNOWN) return false;
    }
    return true;
  }

  /**
   * Looks up the types that the file system did not give, for the entries that were pushed last; in steps.
   *
   * @param typeOf returns the type of an entry, as in a mode, by lossless name
   */
  *complete(typeOf: (name: string) => number): Generator<void, void> {
    const part = this.#last;
    const bytes = part.#bytes;
    let count = 0;
    for (let at = part.#first; bytes[at] !== END; at = next(bytes, at)) {
      if (bytes[at] !== DT_UNKNOWN) continue;
      bytes[at] = typeOf(nameAt(bytes, at)) >> 12; // as IFTODT does (readdir(3))
      if (++count % FEW === 0) yield;
    }
  }

  /** The lossless names of this part's directories. */
  directories(): string[] {
    return this.#names(DT_DIR);
  }

  /** The lossless names of this part's symbolic links. */
  links(): string[] {
    return this.#names(DT_LNK);
  }

  /** Sets each entry of this part in a map: whether it is a directory, by lossless name. */
  addTo(entries: Map<string, boolean>): void {
    addPacked(this.#bytes, this.#start, entries);
  }

  /** The bytes of this part, from {@link start} on, for {@link addPacked}; shared with other listings. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether this part has no entry. */
  get isEmpty(): boolean {
    return this.#bytes[this.#first] === END;
  }

  /** Where in {@link bytes} it begins. */
  get start(): number {
    return this.#start;
  }

  /** The part that was pushed last. */
  get #last(): Listing {
    return this.#parts?.others.at(-1) ?? this;
  }

  /** Where in the arena the entries begin. */
  get #first(): number {
    return this.#start + ENTRIES;
  }

  #pack(buffer: Uint8Array, length: number): void {
    if (used + length > arena.length) {
      arena = new Uint8Array(Math.max(ARENA, length));
      used = 0;
    }
    const bytes = arena;
    let end = used + ENTRIES;
    let last = 0;
    for (let offset = 0; offset < length; offset += recordLength(buffer, offset)) {
      last = offset;
      if (isDots(buffer, offset)) continue;
      bytes[end++] = buffer[offset + D_TYPE] & TYPES;
      let from = offset + D_NAME;
      do bytes[end++] = buffer[from]; while (buffer[from++] !== 0);
    }
    for (let i = 0; i < ENTRIES; i++) bytes[used + i] = buffer[last + D_OFF + i];
    this.#bytes = bytes;
    this.#start = used;
    bytes[end] = END;
    used = end + 1;
  }

  /** Where in the directory this part is: where it would be read on, and what it begins with. */
  #place(): string {
    const bytes = this.#bytes;
    const position = latin1.decode(bytes.subarray(this.#start, this.#first));
    return this.isEmpty ? position : position + nameAt(bytes, this.#first);
  }

  #names(type: number): string[] {
    const names: string[] = [];
    const bytes = this.#bytes;
    for (let at = this.#first; bytes[at] !== END; at = next(bytes, at)) {
      if (bytes[at] === type) names.push(nameAt(bytes, at));
    }
    return names;
  }
}

/**
 * Sets each entry of a part in a map; see {@link Listing.addTo}. Whoever keeps many listings keeps their bytes.
 *
 * @param start where in `arena` the part begins
 */
export function addPacked(arena: Uint8Array, start: number, entries: Map<string, boolean>): void {
  let length = ENTRIES;
  while (arena[start + length] !== END) length = next(arena, start + length) - start;
  const bytes = arena.subarray(start, start + length);
  const text = latin1.decode(bytes); // one call for all, of which ASCII names are slices
  for (let at = ENTRIES; at < length;) {
    const isDirectory = bytes[at] === DT_DIR;
    const start = at + NAME;
    let end = start;
    let bits = 0;
    for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) bits |= byte;
    const isAscii = bits < 0x80;
    const name = isAscii ? text.slice(start, end) : fromBytes(bytes.subarray(start, end));
    entries.set(name, isDirectory);
    at = end + 1;
  }
}

/** The length of a record of getdents64(2). */
function recordLength(buffer: Uint8Array, offset: number): number {
  return buffer[offset + D_RECLEN] + (buffer[offset + D_RECLEN + 1] << 8);
}

function isDots(buffer: Uint8Array, offset: number): boolean {
  const start = offset + D_NAME;
  if (buffer[start] !== DOT) return false;
  return buffer[start + 1] === 0 || buffer[start + 1] === DOT && buffer[start + 2] === 0;
}

/** The entry behind a packed one. */
function next(bytes: Uint8Array, at: number): number {
  while (bytes[++at] !== 0);
  return at + 1;
}

/** The name of a packed entry. */
function nameAt(bytes: Uint8Array, at: number): string {
  return fromBytes(bytes.subarray(at + NAME, next(bytes, at) - 1));
}
