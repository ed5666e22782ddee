#!/usr/bin/env bash
# Prints every change in the given directories, or the current one, as it happens.
#
#   scripts/watch.sh [--runtime deno|bun|node] [DIR...]
#
# Everything else is for src/cli/watch.ts. It needs one runtime only: without --runtime the first
# good one on the PATH, or else a pinned Deno.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/toolchain.sh"

runtime=
args=()
while (($#)); do
  case $1 in
    --runtime) runtime=${2:-none} && shift "$(($# > 1))" ;;
    --runtime=*) runtime=${1#*=} && runtime=${runtime:-none} ;;
    --) args+=("$@") && break ;;
    *) args+=("$1") ;;
  esac
  shift
done

case $runtime in
  deno | bun | node) ;;
  '')
    for candidate in deno bun node; do
      if on_path "$candidate"; then runtime=$candidate && break; fi
    done
    runtime=${runtime:-deno}
    ;;
  *)
    echo "Unknown runtime \"$runtime\": expected deno, bun or node" >&2
    exit 2
    ;;
esac

toolchain "$runtime"
case $runtime in
  deno) command=(deno run --quiet --no-config --allow-ffi --allow-read) ;;
  bun) command=(bun) ;;
  node) command=(node --disable-warning=ExperimentalWarning) ;;
esac
exec "${command[@]}" "$root/src/cli/watch.ts" ${args[@]+"${args[@]}"}
