/**
 * `parseEvents()`: the bytes of a read(2) from an inotify descriptor as events.
 *
 * @module
 */

/**
 * One `struct inotify_event` (inotify(7)).
 *
 * @example
 * ```ts
 * import { IN_ISDIR, type InotifyEvent, maskNames } from "@inotify/inotify";
 *
 * const toLine = ({ mask, name }: InotifyEvent): string =>
 *   `${maskNames(mask).join()} ${name}${mask & IN_ISDIR ? "/" : ""}`;
 * console.log(toLine({ wd: 1, mask: 0x40000100, cookie: 0, name: "sub" })); // IN_CREATE,IN_ISDIR sub/
 * ```
 */
export interface InotifyEvent {
  /** The watch descriptor that addWatch returned; -1 with `IN_Q_OVERFLOW`. */
  readonly wd: number;
  /** One event bit, and `IN_ISDIR` for a directory; unsigned. See `maskNames`. */
  readonly mask: number;
  /** Pairs the `IN_MOVED_FROM` and `IN_MOVED_TO` of one rename; 0 in every other event. */
  readonly cookie: number;
  /**
   * The entry's name in the watched directory; empty if the event is about the watched file or directory
   * itself. Bytes that are not UTF-8 appear as U+FFFD.
   */
  readonly name: string;
  /** The name's bytes; only if they are not UTF-8. */
  readonly rawName?: Uint8Array;
}

/** `offsetof(struct inotify_event, name)`: int wd; uint32_t mask, cookie, len; char name[]. */
const HEADER = 16;

/** Up to how many bytes names are put together from characters, which is faster than a first call of a decoder. */
const FEW = 128;
const LATIN1 = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));

const latin1 = new TextDecoder("latin1");
// Without ignoreBOM a name that begins with U+FEFF would lose it.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const lossyUtf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Parses the bytes of one or more read(2) calls, in the little-endian order of x86-64 and aarch64.
 *
 * @param bytes whole records, one after the other; events keep no reference to them
 * @returns the events in order; none for no bytes
 * @throws {RangeError} if a record is cut off, or its length is not a multiple of 4; the message gives its
 * offset
 *
 * @example
 * ```ts
 * import { IN_DELETE_SELF, parseEvents } from "@inotify/inotify";
 * import { assertEquals } from "@std/assert";
 *
 * const record = new Uint8Array(new Int32Array([1, IN_DELETE_SELF, 0, 0]).buffer);
 * assertEquals(parseEvents(record), [{ wd: 1, mask: IN_DELETE_SELF, cookie: 0, name: "" }]);
 * ```
 */
export function parseEvents(bytes: Uint8Array): InotifyEvent[] {
  const end = bytes.byteLength;
  // One decoder call for all names costs a fraction of a call for each: ASCII names are slices of its result.
  // For a single event, even one call would take longer than the rest.
  const text = end > FEW ? latin1.decode(bytes) : undefined;
  const events: InotifyEvent[] = [];
  let foreign: ForeignName[] | undefined;
  for (let offset = 0; offset < end;) {
    const start = offset + HEADER;
    if (start > end) throw malformed(offset, HEADER, end);
    const len = int32(bytes, offset + 12);
    // The kernel pads names so that the next record is aligned. Above 2 GiB, len looks negative.
    if (len < 0 || len > end - start || len % 4 !== 0) {
      throw malformed(offset, HEADER + (len >>> 0), end);
    }
    const next = start + len;
    let nameEnd = start;
    let bits = 0;
    let name = "";
    while (nameEnd < next) {
      const byte = bytes[nameEnd];
      if (byte === 0) break;
      bits |= byte;
      if (text === undefined) name += LATIN1[byte];
      nameEnd++;
    }
    if (text !== undefined) name = text.slice(start, nameEnd);
    const wd = int32(bytes, offset);
    const mask = int32(bytes, offset + 4) >>> 0;
    const cookie = int32(bytes, offset + 8) >>> 0;
    const event = { wd, mask, cookie, name };
    if (bits >= 0x80) (foreign ??= []).push({ event, bytes: bytes.subarray(start, nameEnd) });
    events.push(event);
    offset = next;
  }
  if (foreign !== undefined) decode(foreign);
  return events;
}

/** A name that is not ASCII, and its event. */
interface ForeignName {
  readonly event: { name: string; rawName?: Uint8Array };
  readonly bytes: Uint8Array;
}

/** Decodes all names in one call, joined by NUL, which no name contains. */
function decode(foreign: readonly ForeignName[]): void {
  const joined = new Uint8Array(foreign.reduce((sum, { bytes }) => sum + bytes.length + 1, 0));
  let offset = 0;
  for (const { bytes } of foreign) {
    joined.set(bytes, offset);
    offset += bytes.length + 1;
  }
  try {
    const names = utf8.decode(joined).split("\0");
    for (let i = 0; i < foreign.length; i++) foreign[i].event.name = names[i];
  } catch {
    for (const { event, bytes } of foreign) decodeAlone(event, bytes);
  }
}

function decodeAlone(event: ForeignName["event"], bytes: Uint8Array): void {
  try {
    event.name = utf8.decode(bytes);
  } catch {
    event.name = lossyUtf8.decode(bytes);
    event.rawName = new Uint8Array(bytes);
  }
}

function int32(bytes: Uint8Array, offset: number): number {
  return bytes[offset] | bytes[offset + 1] << 8 | bytes[offset + 2] << 16 | bytes[offset + 3] << 24;
}

function malformed(offset: number, size: number, end: number): RangeError {
  return new RangeError(
    `Cannot parse the inotify event at byte ${offset}: it needs ${size} bytes, and ${
      end - offset
    } are left`,
  );
}
