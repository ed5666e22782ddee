#!/usr/bin/env bash
# Prints every change in the given directories, or the current one, as it happens; or runs a command.
#
#   scripts/watch.sh [--runtime deno|bun|node] [OPTION...] [DIR...] [-- COMMAND [ARGUMENT...]]
#
# Everything else is for src/cli/watch.ts. It needs one runtime only: without --runtime the first
# good one on the PATH, or else a pinned Deno.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/toolchain.sh"

runtime=
args=()
# The variables by which git finds the files of its user are for --gitignore.
variables=NO_COLOR,HOME,XDG_CONFIG_HOME,GIT_CONFIG_GLOBAL,GIT_CONFIG_SYSTEM,GIT_CONFIG_NOSYSTEM
permissions=(--allow-ffi --allow-read "--allow-env=$variables")
while (($#)); do
  case $1 in
    --runtime) runtime=${2:-none} && shift "$(($# > 1))" ;;
    --runtime=*) runtime=${1#*=} && runtime=${runtime:-none} ;;
    --)
      args+=("$@")
      permissions=(--allow-ffi --allow-read --allow-env --allow-run)
      break
      ;;
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
  deno) command=(deno run --quiet --no-config "${permissions[@]}") ;;
  bun) command=(bun) ;;
  node) command=(node --disable-warning=ExperimentalWarning) ;;
esac
command+=("$root/src/cli/watch.ts")
# Bun takes a "--" that follows the program for itself.
[[ $runtime != bun ]] || command+=(--)
exec "${command[@]}" ${args[@]+"${args[@]}"}
