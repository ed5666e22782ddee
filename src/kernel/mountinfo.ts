/**
 * The mounts of the process: proc_pid_mountinfo(5), and which of them show.
 *
 * @module
 */

import { fromBytes } from "./byte_string.ts";

/** A mount. Its ID is given to another one once it is gone. */
export interface Mount {
  readonly id: number;
  /** The ID of the mount that it is mounted on. */
  readonly parent: number;
  /** Device number and root within that file system: with the ID, what tells it from others. */
  readonly source: string;
  /** Where it is mounted: absolute, as lossless text. */
  readonly path: string;
}

/** Parses the file. The order is that of the kernel. */
export function parseMounts(bytes: Uint8Array): Mount[] {
  const mounts: Mount[] = [];
  for (const line of fromBytes(bytes).split("\n")) {
    const [id, parent, device, root, path] = line.split(" ", 5);
    if (path === undefined) continue;
    mounts.push({
      id: Number(id),
      parent: Number(parent),
      source: `${device} ${root}`,
      path: unescape(path),
    });
  }
  return mounts;
}

/**
 * The mounts that show, by their paths. Another one hides a mount if it is mounted on its root, or on a directory
 * above it in the mount that both are mounted on.
 */
export function visibleMounts(mounts: readonly Mount[]): Map<string, Mount> {
  const children = new Map<number, Mount[]>();
  const ids = new Set(mounts.map(({ id }) => id));
  const tops: Mount[] = [];
  for (const mount of mounts) {
    const { id, parent } = mount;
    if (id === parent || !ids.has(parent)) tops.push(mount);
    else if (!children.has(parent)) children.set(parent, [mount]);
    else children.get(parent)!.push(mount);
  }
  const visible = new Map<string, Mount>();
  const rest = tops;
  for (let mount = rest.pop(); mount !== undefined; mount = rest.pop()) {
    const above = children.get(mount.id) ?? [];
    const over = above.find(({ path }) => path === mount!.path);
    if (over !== undefined) {
      rest.push(over);
      continue;
    }
    visible.set(mount.path, mount);
    const paths = new Set(above.map(({ path }) => path));
    for (const one of above) if (!isBelowAny(one.path, mount.path, paths)) rest.push(one);
  }
  return visible;
}

/** Whether a path is at another one, or below. */
export function isWithin(path: string, above: string): boolean {
  return path === above || above === "/" || path.startsWith(`${above}/`);
}

/** Whether a path is below one of others, which are all below `top`. */
function isBelowAny(path: string, top: string, others: ReadonlySet<string>): boolean {
  for (
    let end = path.lastIndexOf("/");
    end > 0 && end > top.length;
    end = path.lastIndexOf("/", end - 1)
  ) {
    if (others.has(path.slice(0, end))) return true;
  }
  return false;
}

/** Space, tab, newline and backslash are octal. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(parseInt(digits, 8)));
}
