/** A disk in memory, and an inotify instance that watches it: for trees that no kernel knows. */

import { AT_SYMLINK_NOFOLLOW, type Libc } from "../../ffi/contract.ts";
import { IN_DONT_FOLLOW, IN_ONLYDIR } from "../../mod.ts";
import type { Instance } from "../../src/engine/instance.ts";
import type { Owner } from "../../src/engine/member.ts";
import { Listing } from "../../src/engine/listing.ts";
import { Owners } from "../../src/engine/owners.ts";
import type { Rest, Scan, ScanFailure } from "../../src/engine/scan.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../src/kernel/files.ts";
import { type Dirent, dirents, DT_DIR, DT_LNK, DT_REG } from "./dirents.ts";
import { FakeClock, fakeLibc } from "./fake_libc.ts";

const [ENOENT, ENOTDIR, EINVAL, ELOOP] = [2, 20, 22, 40];
/** When everything was made, in seconds since 1970. */
const OLD = 1000;
const TMPFS_MAGIC = 0x01021994;

/** An inode; its number is that of its watch. */
interface Inode {
  readonly number: number;
  readonly type: "directory" | "file" | "link";
  /** Where a link points. */
  readonly target: string;
  /** When it changed, in seconds since 1970. */
  changed: number;
  /** When what is in it changed. */
  modified: number;
}

/** A disk in memory. */
export class FakeDisk {
  readonly #inodes = new Map<string, Inode>();
  readonly #leftOut = new Set<string>();
  #next = 1;

  constructor() {
    this.#inodes.set("", this.#inode("directory"));
  }

  /** Makes a directory, if it is not there, and those above it. */
  directory(path: string): void {
    if (!this.#inodes.has(path)) this.#make(path, this.#inode("directory"));
  }

  /** Makes a file, in place of another one, and the directories above it. */
  file(path: string): void {
    this.#make(path, this.#inode("file"));
  }

  /** Makes a symbolic link, in place of another one, and the directories above it. */
  link(path: string, target: string): void {
    this.#make(path, this.#inode("link", target));
  }

  /** Sets the times of an entry, in seconds since 1970. */
  change(path: string, changed: number, modified: number = changed): void {
    Object.assign(this.#inodes.get(path)!, { changed, modified });
  }

  /** Removes an entry, and all that is below it. */
  remove(path: string): void {
    for (const one of this.#within(path)) this.#inodes.delete(one);
  }

  /** Renames an entry, with all that is below it. */
  rename(from: string, path: string): void {
    const moved = this.#within(from).map((one) => [one, this.#inodes.get(one)!] as const);
    this.remove(from);
    this.remove(path);
    for (const [one, inode] of moved) this.#inodes.set(path + one.slice(from.length), inode);
  }

  /** Has an entry left out of the next list that it should be in. */
  leaveOut(path: string): void {
    this.#leftOut.add(path);
  }

  /** What a directory has in it. */
  list(path: string): Dirent[] {
    const types = { directory: DT_DIR, file: DT_REG, link: DT_LNK };
    return [...this.#inodes].filter(([one]) =>
      one !== "" && one.slice(0, one.lastIndexOf("/")) === path && !this.#leftOut.delete(one)
    ).map(([one, { type }], i) => [one.slice(path.length + 1), types[type], i]);
  }

  /** Where a path leads. @param follow also by a link in its end */
  resolve(path: string, follow: boolean, links = 0): readonly [path: string, Inode] | number {
    if (links > 40) return ELOOP;
    const names = path.split("/").filter((name) => name !== "" && name !== ".");
    let at = "";
    for (const [i, name] of names.entries()) {
      if (this.#inodes.get(at)!.type !== "directory") return ENOTDIR;
      at += `/${name}`;
      const inode = this.#inodes.get(at);
      if (inode === undefined) return ENOENT;
      if (inode.type === "link" && (follow || i < names.length - 1)) {
        const rest = names.slice(i + 1).map((one) => `/${one}`).join("");
        return this.resolve(inode.target + rest, follow, links + 1);
      }
    }
    return [at, this.#inodes.get(at)!];
  }

  readonly #clock = new FakeClock();

  /** The calls that ask something of it. */
  get libc(): Libc {
    let errno = 0;
    const at = (pathname: Uint8Array, follow: boolean) => {
      const text = new TextDecoder().decode(pathname.subarray(0, pathname.indexOf(0)));
      const found = this.resolve(text, follow);
      if (typeof found !== "number") return found[1];
      errno = found;
      return undefined;
    };
    return fakeLibc({
      errno: () => errno,
      clock_gettime: (clock, timespec) => {
        this.#clock.advance(0.001); // a microsecond a call: no slice is endless
        return this.#clock.clock_gettime(clock, timespec);
      },
      O_DIRECTORY: 0,
      O_NOFOLLOW: 0,
      mayRead: () => true,
      readlink: (pathname, buffer) => {
        const inode = at(pathname, false);
        if (inode === undefined) return -1;
        errno = EINVAL;
        if (inode.type !== "link") return -1;
        return new TextEncoder().encodeInto(inode.target, buffer).written;
      },
      statx: (_, pathname, flags, mask, buffer) => {
        const inode = at(pathname, (flags & AT_SYMLINK_NOFOLLOW) === 0);
        if (inode === undefined) return -1;
        const view = new DataView(buffer.buffer);
        view.setUint32(0, mask, true);
        const types = { directory: S_IFDIR, file: S_IFREG, link: S_IFLNK };
        view.setUint16(28, types[inode.type], true);
        for (const [offset, time] of [[96, inode.changed], [112, inode.modified]]) {
          view.setBigInt64(offset, BigInt(time), true);
          view.setUint32(offset + 8, 1, true);
        }
        return 0;
      },
      statfs: (_, buffer) => {
        new DataView(buffer.buffer).setUint32(0, TMPFS_MAGIC, true);
        return 0;
      },
    });
  }

  #make(path: string, inode: Inode): void {
    this.directory(path.slice(0, path.lastIndexOf("/")));
    this.#inodes.set(path, inode);
  }

  #inode(type: Inode["type"], target = ""): Inode {
    return { number: this.#next++, type, target, changed: OLD, modified: OLD };
  }

  #within(path: string): string[] {
    return [...this.#inodes.keys()].filter((one) => one === path || one.startsWith(`${path}/`));
  }
}

/** An inotify instance that watches a disk in memory; it queues no events, a test makes them up. */
export class FakeInstance {
  readonly disk: FakeDisk = new FakeDisk();
  readonly libc: Libc = this.disk.libc;
  /** The paths that were scanned, or whose scan failed, in order. */
  readonly scans: string[] = [];
  /** With what errno the watching of a path fails. */
  readonly errnos: Map<string, number> = new Map();
  /** How many entries one call gives of a directory. */
  piece: number = Infinity;
  readonly owners: Owners<Owner> = new Owners();
  readonly mounts = { changes: 0 };
  #fences: (() => void)[] = [];

  /** This, for those who expect a real one. */
  get instance(): Instance {
    return this as unknown as Instance;
  }

  scan(
    path: string,
    _mask: number,
    follow: boolean,
  ): Scan & { readonly isNew: boolean } | ScanFailure {
    this.scans.push(path);
    const found = this.disk.resolve(path, follow);
    if (typeof found === "number") return { syscall: "open", errno: found };
    const [at, { type, number: wd }] = found;
    if (type !== "directory") return { syscall: "open", errno: ENOTDIR };
    const errno = this.errnos.get(path);
    if (errno !== undefined) return { syscall: "inotify_add_watch", errno };
    const listing = new Listing();
    const rest = read(listing, this.disk.list(at), this.piece);
    const isNew = !this.owners.has(wd);
    const { done, value } = rest.next();
    return done
      ? { wd, listing, rest: undefined, failure: value, isNew }
      : { wd, listing, rest, failure: undefined, isNew };
  }

  watch(pathname: Uint8Array, mask: number, owner: Owner, isByName?: boolean): number {
    const path = new TextDecoder().decode(pathname.subarray(0, pathname.indexOf(0)));
    const found = this.disk.resolve(path, (mask & IN_DONT_FOLLOW) === 0);
    if (typeof found === "number") return -found;
    const [, { type, number: wd }] = found;
    if (mask & IN_ONLYDIR && type !== "directory") return -ENOTDIR;
    const errno = this.errnos.get(path);
    if (errno !== undefined) return -errno;
    this.owners.add(wd, owner, mask, isByName);
    return wd;
  }

  release(wd: number, owner: Owner): void {
    this.owners.delete(wd, owner);
  }

  /** The watch of what a path leads to, if that is watched; or -1. */
  wdAt(path: string): number {
    const found = this.disk.resolve(path, true);
    return typeof found !== "number" && this.owners.has(found[1].number) ? found[1].number : -1;
  }

  /** The owners of the watch of what a path leads to. */
  ownersAt(path: string): Owner[] {
    return [...this.owners.of(this.wdAt(path))];
  }

  fence(callback: () => void): void {
    this.#fences.push(callback);
  }

  /** All fences come back. */
  passFences(): void {
    for (const callback of this.#fences.splice(0)) callback();
  }

  schedule(): void {}
}

function* read(listing: Listing, entries: readonly Dirent[], piece: number): Rest {
  for (let i = 0; i < entries.length; i += piece) {
    const bytes = dirents(...entries.slice(i, i + piece));
    listing.push(bytes, bytes.length);
    if (listing.isLarge) yield;
  }
  return undefined;
}
