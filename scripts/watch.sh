#!/usr/bin/env bash
# Prints each change in the given directories, by default the current one, or runs a command after changes.
#
#   scripts/watch.sh [--runtime deno|bun|node] [OPTION...] [DIR...] [-- COMMAND [ARGUMENT...]]
#
# All other options are those of src/cli/watch.ts. Without --runtime, the first supported runtime on the PATH
# is used, or else the pinned Deno. Node.js comes last, since it strips the types at a start.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/toolchain.sh"

runtime=
args=()
# --gitignore reads the variables that locate git's configuration files.
variables=NO_COLOR,HOME,XDG_CONFIG_HOME,GIT_CONFIG_GLOBAL,GIT_CONFIG_SYSTEM,GIT_CONFIG_NOSYSTEM
permissions=(--allow-ffi --allow-read "--allow-env=$variables")
write=() # for the file of --since
while (($#)); do
  case $1 in
    --runtime) runtime=${2:-none} && shift "$(($# > 1))" ;;
    --runtime=*) runtime=${1#*=} && runtime=${runtime:-none} ;;
    --)
      args+=("$@")
      permissions=(--allow-ffi --allow-read --allow-env --allow-run)
      break
      ;;
    *)
      [[ $1 != --since* ]] || write=(--allow-write)
      args+=("$1")
      ;;
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
  deno) command=(deno run --quiet --no-config "${permissions[@]}" ${write[@]+"${write[@]}"}) ;;
  bun) command=(bun) ;;
  node) command=(node --disable-warning=ExperimentalWarning) ;;
esac
command+=("$root/src/cli/watch.ts")
# Bun removes a "--" that follows the program.
[[ $runtime != bun ]] || command+=(--)
exec "${command[@]}" ${args[@]+"${args[@]}"}
