/** File systems other than the one of the tests' directory, mounted in a mount namespace. */

import { spawnSync } from "node:child_process";
import process from "node:process";

/** The sh(1) commands that mount each on ./mounted; they run in an empty directory. */
const RECIPES: Readonly<Record<string, string>> = {
  "ext2 without types": image("mkfs.ext2 -qF -O ^filetype", "16M"),
  "ext3 with whole seconds": image("mkfs.ext3 -qF -I 128", "16M"),
  ext4: image("mkfs.ext4 -qF -I 256", "16M"),
  xfs: image("mkfs.xfs -q", "300M"),
  btrfs: image("mkfs.btrfs -q", "256M"),
  vfat: image("mkfs.vfat", "16M"),
  bindfs: "mkdir below && bindfs below mounted",
  tmpfs: "mount -t tmpfs none mounted",
  overlay:
    "mkdir low up work && mount -t overlay -o lowerdir=low,upperdir=up,workdir=work none mounted",
};

/** Creates a file system in an image file, and mounts it. */
function image(make: string, size: string): string {
  return `truncate -s ${size} image && ${make} image && mount -o loop image mounted`;
}

/** The command that runs a program in a mount namespace with these file systems. */
export function under(names: readonly string[]): string[] {
  const script = `
    PATH=$PATH:/usr/sbin:/sbin
    mount -t tmpfs none /mnt || exit
    ${names.map(mount).join("")}
    cd /
    "$@"
    status=$?
    umount -l /mnt/*/mounted 2>/dev/null # ends the process that serves it
    exit $status
  `;
  return ["unshare", process.geteuid!() === 0 ? "-m" : "-Urm", "sh", "-c", script, "sh"];
}

function mount(name: string): string {
  return `
    mkdir -p '/mnt/${name}/mounted'
    cd '/mnt/${name}'
    log=$({ ${RECIPES[name]}; } 2>&1) || echo '${name}:' $log >&2
  `;
}

const [file, ...args] = [...under(Object.keys(RECIPES)), "true"];
const { status, stderr, error } = spawnSync(file, args, { encoding: "utf8" });

/** The name of each, and why it cannot be mounted here, or `false` if it can. */
export const FILE_SYSTEMS: readonly (readonly [name: string, skip: string | false])[] = Object
  .keys(RECIPES).map((name) => {
    if (status !== 0) return [name, `"unshare -m" may not be run here: ${error ?? stderr}`];
    return [name, stderr.split("\n").find((line) => line.startsWith(`${name}:`)) ?? false];
  });

/** The mount point of a file system. */
export function mounted(name: string): string {
  return `/mnt/${name}/mounted`;
}
