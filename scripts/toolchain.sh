# Puts runtimes and tsc on the PATH: a good one that is there already, else the pinned one, which is
# set up in .runtimes/ from the npm registry. To be sourced, and then called with what is needed:
#
#   toolchain deno bun node tsc
#
# Packages that are no tools, but what the benchmark compares with or tests are made with, are only set up:
#
#   provide peers fast-check
#
# Each has a lock of its own in scripts/toolchain/, so that one does not wait for the others.

# shellcheck shell=bash

root=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/..")
runtimes=$root/.runtimes

# The lowest good version of each. There is none for tsc, since the types it
# reads are pinned, nor for esbuild.
declare -A lowest=([deno]=2.7.6 [bun]=1.4.0 [node]=26.9.0)

# What tells that npm has got all of it. For tools it is their program.
declare -A proof=(
  [peers]=node_modules/@parcel/watcher-linux-*/watcher.node
  [fast-check]=node_modules/pure-rand/package.json
)

# What the runtimes would keep in the home directory.
export DENO_DIR=${DENO_DIR:-$runtimes/cache/deno}
export BUN_RUNTIME_TRANSPILER_CACHE_PATH=${BUN_RUNTIME_TRANSPILER_CACHE_PATH:-$runtimes/cache/bun}
export DENO_NO_UPDATE_CHECK=1

# Prints the version of $1 on the PATH, or nothing.
version() {
  "$1" --version 2>/dev/null | sed -En '1s/^[^0-9]*([0-9.]+).*/\1/p'
}

# Whether the PATH has a good $1.
on_path() {
  [[ -v lowest[$1] ]] && printf '%s\n' "${lowest[$1]}" "$(version "$1")" | sort -VC
}

# Whether .runtimes/ has the pinned $1. Its copy of the lock is there only if all the rest is.
is_set_up() {
  cmp -s "$root/scripts/toolchain/$1/package-lock.json" "$runtimes/$1/package-lock.json"
}

# Sets up the pinned $1 beside its final place, and moves it there when it is complete.
set_up() {
  local partial=$runtimes/$1.partial
  rm -rf "$partial" && cp -r "$root/scripts/toolchain/$1" "$partial" && cd "$partial" || return
  local -x npm_config_cache=${npm_config_cache:-$partial/npm-cache}
  local -x npm_config_loglevel=error npm_config_update_notifier=false
  npm ci --ignore-scripts --include=optional --no-audit --no-fund >/dev/null || return
  local file
  mkdir bin
  for file in node_modules/{@deno/*/deno,@oven/*/bin/bun,node-linux-*/bin/node,@esbuild/*/bin/esbuild,.bin/tsc}; do
    if [[ -x $file ]]; then ln -s "../$file" bin/; fi
  done
  if ! compgen -G "${proof[$1]-bin/$1}" >/dev/null; then
    # npm passes over an optional package that it cannot get, so ask it whether it gets anything.
    echo "npm has no $1 for $(uname -sm), no connection, or not what the lock says" >&2
    npm ping >/dev/null
    return 1
  fi
  rm -rf npm-cache "${runtimes:?}/$1" && mv -T "$partial" "$runtimes/$1" && echo "  $1 is ready" >&2
}

# Sets up each of "$@", at the same time. The lock makes a second script wait for the first one.
set_up_all() (
  mkdir -p "$runtimes"
  exec 9>"$runtimes/lock"
  flock 9
  local tool job jobs=() status=0
  for tool; do
    is_set_up "$tool" && continue
    # An asynchronous command ignores Ctrl-C unless it is told otherwise.
    (trap - INT && set_up "$tool") &
    jobs+=($!)
  done
  for job in ${jobs[@]+"${jobs[@]}"}; do wait "$job" || status=1; done
  exit "$status"
)

# Sets up those of "$@" that .runtimes/ does not have.
provide() {
  local tool missing=()
  for tool; do is_set_up "$tool" || missing+=("$tool"); done
  ((${#missing[@]})) || return 0
  if ! command -v npm >/dev/null; then
    echo "Cannot set up ${missing[*]}: npm is missing" >&2
    return 1
  fi
  echo "Setting up ${missing[*]} in .runtimes/ from the npm registry, once ..." >&2
  if ! set_up_all "${missing[@]}"; then
    echo "Cannot set up ${missing[*]}: see above" >&2
    return 1
  fi
}

# Puts each of "$@" on the PATH, and prints versions to stderr.
toolchain() {
  local tool chosen=()
  for tool; do on_path "$tool" || chosen+=("$tool"); done
  if ! provide ${chosen[@]+"${chosen[@]}"}; then
    echo "It needs npm, or on the PATH" \
      "Deno ${lowest[deno]}, Bun ${lowest[bun]} and Node.js ${lowest[node]} or later" >&2
    return 1
  fi
  for tool in ${chosen[@]+"${chosen[@]}"}; do PATH=$runtimes/$tool/bin:$PATH; done
  for tool; do
    if [[ $(type -P "$tool") == "$runtimes"/* ]]; then
      echo "$tool $(version "$tool") (.runtimes)" >&2
    else
      echo "$tool $(version "$tool") (PATH)" >&2
    fi
  done
}
