/** Entries of a directory as getdents64(2) gives them. */

import { toBytes } from "../../src/kernel/byte_string.ts";

// `d_type` (readdir(3)).
/** The file system does not give the type. */
export const DT_UNKNOWN = 0;
/** A directory. */
export const DT_DIR = 4;
/** A file. */
export const DT_REG = 8;
/** A symbolic link. */
export const DT_LNK = 10;

/** An entry: its lossless name, its type and its position. */
export type Dirent = readonly [name: string, type: number, offset?: number];

/** The records of entries; the position of one that has none is how many came before. */
export function dirents(...entries: readonly Dirent[]): Uint8Array {
  const records = entries.map(([name, type, offset], i) => {
    const bytes = toBytes(name);
    // struct linux_dirent64: u64 d_ino; s64 d_off; u16 d_reclen; u8 d_type; char d_name[].
    const record = new Uint8Array(Math.ceil((19 + bytes.length + 1) / 8) * 8);
    const view = new DataView(record.buffer);
    view.setBigInt64(8, BigInt(offset ?? i), true);
    view.setUint16(16, record.length, true);
    record[18] = type;
    record.set(bytes, 19);
    return record;
  });
  const all = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const record of records) {
    all.set(record, at);
    at += record.length;
  }
  return all;
}
