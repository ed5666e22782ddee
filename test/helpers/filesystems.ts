/** File systems of other kinds than the one that the tests run on, in a mount namespace. */

import { spawnSync } from "node:child_process";
import process from "node:process";

/** How each is mounted on ./mounted: commands of sh(1), which are run in an empty directory. */
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

/** Makes one in a file, and mounts it from there. */
function image(make: string, size: string): string {
  return `truncate -s ${size} image && ${make} image && mount -o loop image mounted`;
}

/** What runs a program where some of them are mounted, in a mount namespace. */
export function under(names: readonly string[]): string[] {
  const script = `
    PATH=$PATH:/usr/sbin:/sbin
    mount -t tmpfs none /mnt || exit
    ${names.map(mount).join("")}
    cd /
    "$@"
    status=$?
    umount -l /mnt/*/mounted 2>/dev/null # which ends what serves it
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

/** Their names, and why each cannot be mounted here; `false` if it can. */
export const FILE_SYSTEMS: readonly (readonly [name: string, skip: string | false])[] = Object
  .keys(RECIPES).map((name) => {
    if (status !== 0) return [name, `"unshare -m" may not be run here: ${error ?? stderr}`];
    return [name, stderr.split("\n").find((line) => line.startsWith(`${name}:`)) ?? false];
  });

/** Where one is mounted. */
export function mounted(name: string): string {
  return `/mnt/${name}/mounted`;
}
