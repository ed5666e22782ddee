# Puts runtimes and tsc on the PATH: the installed one if its version is high enough, else the pinned one,
# which is installed in .runtimes/ from the npm registry. Source this file, then call:
#
#   toolchain deno bun node tsc
#
# Packages without a program, which benchmarks and tests import, are only installed:
#
#   provide peers fast-check clients
#
# Each has its own package-lock.json in scripts/toolchain/, so that they are installed independently.

# shellcheck shell=bash

root=$(realpath -- "$(dirname -- "${BASH_SOURCE[0]}")/..")
runtimes=$root/.runtimes

# The lowest supported versions. tsc and esbuild have none: they are always the pinned ones.
declare -A lowest=([deno]=2.7.6 [bun]=1.4.0 [node]=26.9.0)

# A file that exists once npm has installed everything. For tools it is their program.
declare -A proof=(
  [peers]=node_modules/@parcel/watcher-linux-*/watcher.node
  [fast-check]=node_modules/pure-rand/package.json
  [clients]=node_modules/webpack/package.json
)

# Caches that would otherwise be in the home directory.
export DENO_DIR=${DENO_DIR:-$runtimes/cache/deno}
export BUN_RUNTIME_TRANSPILER_CACHE_PATH=${BUN_RUNTIME_TRANSPILER_CACHE_PATH:-$runtimes/cache/bun}
export DENO_NO_UPDATE_CHECK=1

# Prints the version of $1 on the PATH, or nothing.
version() {
  "$1" --version 2>/dev/null | sed -En '1s/^[^0-9]*([0-9.]+).*/\1/p'
}

# Whether the PATH has a supported version of $1.
on_path() {
  [[ -v lowest[$1] ]] && printf '%s\n' "${lowest[$1]}" "$(version "$1")" | sort -VC
}

# Whether .runtimes/ has the pinned $1. Its copy of package-lock.json exists only if all the rest does.
is_set_up() {
  cmp -s "$root/scripts/toolchain/$1/package-lock.json" "$runtimes/$1/package-lock.json"
}

# Installs the pinned $1 in a temporary directory, and moves it to its place when it is complete.
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
    # npm skips an optional package that it cannot download, so check the connection.
    echo "npm has no $1 for $(uname -sm), no connection, or a package that differs from the lock" >&2
    npm ping >/dev/null
    return 1
  fi
  rm -rf npm-cache "${runtimes:?}/$1" && mv -T "$partial" "$runtimes/$1" && echo "  $1 is ready" >&2
}

# Installs "$@" in parallel. The lock file makes a second script wait for the first.
set_up_all() (
  mkdir -p "$runtimes"
  exec 9>"$runtimes/lock"
  flock 9
  local tool job jobs=() status=0
  for tool; do
    is_set_up "$tool" && continue
    # A background command ignores SIGINT unless the trap is reset.
    (trap - INT && set_up "$tool") &
    jobs+=($!)
  done
  for job in ${jobs[@]+"${jobs[@]}"}; do wait "$job" || status=1; done
  exit "$status"
)

# Installs those of "$@" that .runtimes/ does not have.
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

# Puts "$@" on the PATH, and prints their versions to stderr.
toolchain() {
  local tool chosen=()
  for tool; do on_path "$tool" || chosen+=("$tool"); done
  if ! provide ${chosen[@]+"${chosen[@]}"}; then
    echo "Install npm, or on the PATH" \
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
