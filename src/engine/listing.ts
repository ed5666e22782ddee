/**
 * `Listing`: the entries of a directory as getdents64(2) gives them, decoded on demand.
 *
 * Most directories of a big tree are never asked. As bytes, their entries take a third of the memory, and a set-up
 * takes half of the time.
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

const DOT = 0x2e;
const latin1 = new TextDecoder("latin1");

/**
 * How many parts may be where one was before, if not as many as are new: while names come and go, one may be read
 * again, and only a circle gives all of them again.
 */
const REPEATS = 16;
/** How many types are looked up at a step. */
const FEW = 16;
/** The size of an arena, in bytes. */
const ARENA = 64 * 1024;
/** Listings are kept one behind the other: an array for each would take more memory than its content. */
let arena = new Uint8Array(0);
let used = 0;

/** The entries of a directory, but `.` and `..`; for a large one, its first part and the others. */
export class Listing {
  #bytes = arena;
  #start = used;
  #end = used;
  #others: Listing[] | undefined;
  /** Where its parts are, if there are several. */
  #places: Set<string> | undefined;
  /** How many parts were where one had been before. */
  #repeats = 0;

  /**
   * Adds what a call returned: the first bytes of a buffer, which are copied.
   *
   * @returns whether to read on; if not, the file system lists in a circle, without an end
   */
  push(buffer: Uint8Array, length: number): boolean {
    if (this.#end === this.#start) {
      this.#keep(buffer, length);
      return true;
    }
    const part = new Listing();
    part.#keep(buffer, length);
    (this.#others ??= []).push(part);
    const { size } = this.#places ??= new Set([this.#place()]);
    if (this.#places.add(part.#place()).size === size) this.#repeats++;
    return this.#repeats < Math.max(REPEATS, this.#places.size);
  }

  /** Whether one call did not return all of it: so much that the event loop has a turn between its parts. */
  get isLarge(): boolean {
    return this.#others !== undefined;
  }

  /** Itself for the first part, and the others. */
  get parts(): readonly Listing[] {
    return [this, ...this.#others ?? []];
  }

  /**
   * Looks up the types that the file system did not give, for the entries that were pushed last; in steps.
   *
   * @param typeOf returns the type of an entry, as in a mode, by lossless name
   */
  *complete(typeOf: (name: string) => number): Generator<void, void> {
    const part = this.#others?.at(-1) ?? this;
    const bytes = part.#bytes;
    let count = 0;
    for (let offset = part.#start; offset < part.#end; offset = next(bytes, offset)) {
      if (bytes[offset + D_TYPE] !== DT_UNKNOWN || isDots(bytes, offset)) continue;
      bytes[offset + D_TYPE] = typeOf(nameAt(bytes, offset)) >> 12; // as IFTODT does (readdir(3))
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
    const bytes = this.#bytes.subarray(this.#start, this.#end);
    const text = latin1.decode(bytes); // one call for all, of which ASCII names are slices
    for (let offset = 0; offset < bytes.length; offset = next(bytes, offset)) {
      if (isDots(bytes, offset)) continue;
      const start = offset + D_NAME;
      let end = start;
      let bits = 0;
      for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) bits |= byte;
      const isAscii = bits < 0x80;
      const name = isAscii ? text.slice(start, end) : fromBytes(bytes.subarray(start, end));
      entries.set(name, bytes[offset + D_TYPE] === DT_DIR);
    }
  }

  #keep(buffer: Uint8Array, length: number): void {
    if (used + length > arena.length) {
      arena = new Uint8Array(Math.max(ARENA, length));
      used = 0;
    }
    arena.set(buffer.subarray(0, length), used);
    this.#bytes = arena;
    this.#start = used;
    this.#end = used += length;
  }

  /** Where in the directory this part is: what it begins with, and where it would be read on. */
  #place(): string {
    const bytes = this.#bytes;
    const name = this.#start + D_NAME;
    let last = this.#start;
    for (let at = last; at < this.#end; at = next(bytes, at)) last = at;
    const position = bytes.subarray(last + D_OFF, last + D_RECLEN);
    return latin1.decode(position) + latin1.decode(bytes.subarray(name, bytes.indexOf(0, name)));
  }

  #names(type: number): string[] {
    const names: string[] = [];
    const bytes = this.#bytes;
    for (let offset = this.#start; offset < this.#end; offset = next(bytes, offset)) {
      if (bytes[offset + D_TYPE] !== type || isDots(bytes, offset)) continue;
      names.push(nameAt(bytes, offset));
    }
    return names;
  }
}

function next(bytes: Uint8Array, offset: number): number {
  return offset + bytes[offset + D_RECLEN] + (bytes[offset + D_RECLEN + 1] << 8);
}

function nameAt(bytes: Uint8Array, offset: number): string {
  const start = offset + D_NAME;
  return fromBytes(bytes.subarray(start, bytes.indexOf(0, start)));
}

function isDots(bytes: Uint8Array, offset: number): boolean {
  const start = offset + D_NAME;
  if (bytes[start] !== DOT) return false;
  return bytes[start + 1] === 0 || bytes[start + 1] === DOT && bytes[start + 2] === 0;
}
