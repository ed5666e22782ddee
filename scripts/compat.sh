#!/usr/bin/env bash
# Runs another watcher's own tests with the drop-in in its place, and with that watcher: passed of all, and what failed.
#
#   scripts/compat.sh chokidar [CHECKOUT]  chokidar's tests
#   scripts/compat.sh fs [CHECKOUT]        Node's tests of fs.watch and promises.watch
#   scripts/compat.sh parcel [CHECKOUT]    @parcel/watcher's tests
#   scripts/compat.sh watchfs [CHECKOUT]   Deno's tests of Deno.watchFs
#
# CHECKOUT is a git repository, by path or URL; by default that on GitHub. Its HEAD is tested, in a copy. The packages
# that the tests need come from the npm registry.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/toolchain.sh"

usage() {
  sed -n '4,7s/^# *//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

(($# == 1 || $# == 2)) || usage
peer=$1
case $peer in
  chokidar) repository=paulmillr/chokidar paths=(src/index.test.ts) ;;
  fs)
    repository=nodejs/node
    # Without those of watchFile().
    paths=(
      test/common ':(glob)test/fixtures/*.*' 'test/*/test-fs-watch*' 'test/*/test-fs-promises-watch*'
      ':!*/test-fs-watch'{file,-file,-stop}'*'
    )
    ;;
  parcel) repository=parcel-bundler/watcher paths=(test) ;;
  watchfs) repository=denoland/deno paths=(tests/unit/fs_events_test.ts) ;;
  *) usage ;;
esac
checkout=${2:-https://github.com/$repository}
toolchain deno bun node esbuild
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/tmp"
export TMPDIR=$work/tmp

git clone --quiet --no-checkout --depth 1 --filter=blob:none "$checkout" "$work/repo" 2>/dev/null ||
  git clone --quiet --no-checkout "$checkout" "$work/repo"
cd "$work/repo"
git checkout --quiet HEAD -- "${paths[@]}"

# Prints how many tests passed, and those that did not, from the TAP on stdin.
tally() {
  awk -v name="$1" '
    { gsub(/\033\[[0-9;]*m/, "") }
    /^ *not ok/ { failed = failed "\n    " $0; all++ }
    /^ *ok/ && !/# SKIP/ { all++; passed++ }
    END { printf "%-28s %d of %d%s\n", name, passed, all, failed }
  '
}

# The command that runs a JavaScript program on a runtime.
declare -A run=(
  [deno]="deno run --allow-all --no-check"
  [bun]=bun
  [node]="node --experimental-ffi --no-warnings"
)
declare -A preload=([deno]=--preload [bun]=--preload [node]=--import)

# Runs mocha on a runtime, with the module that index.js exports.
mocha() {
  # shellcheck disable=SC2086
  ${run[$1]} node_modules/mocha/bin/_mocha --exit --timeout 20000 --grep inotify --reporter tap \
    </dev/null 2>/dev/null || true
}

# Runs chokidar's tests on a runtime, with the module that index.js exports.
chokidar_tests() {
  # shellcheck disable=SC2086
  { NODE_OPTIONS="--experimental-ffi --no-warnings" ${run[$1]} index.test.js </dev/null 2>&1 || true; } |
    sed 's/\x1b\[[0-9;]*m//g' | sed -En 's/^[│ ]*(.*): ✓$/ok \1/p; s/^[│ ]*(.*): ☓$/not ok \1/p'
}

# Runs Node's tests on a runtime, each in a process of its own, with further options.
node_tests() {
  local file options=("${@:2}")
  if [[ $1 == deno ]]; then options+=(--unstable-detect-cjs --no-config); fi
  if [[ $1 == node ]]; then options+=(--expose-internals); fi
  for file in test/{parallel,sequential,pummel}/test-fs-*; do
    # shellcheck disable=SC2086
    if timeout 20 ${run[$1]} "${options[@]}" "$file" </dev/null >/dev/null 2>&1; then
      echo "ok $file"
    else
      echo "not ok $file"
    fi
  done
}

case $peer in
  chokidar)
    echo '{ "type": "module" }' >package.json
    npm install --silent --no-save --no-audit --no-fund @paulmillr/jsbt@0.5 tinyspy@4 upath@3 chokidar@5.0.0
    esbuild --log-level=error src/index.test.ts |
      sed 's/await it.run(/it.opts.STOP_ON_ERROR = false; &/' >index.test.js
    echo 'export * from "chokidar/handler.js";' >handler.js
    drop_in=$root/src/compat/chokidar.ts
    echo "export * from '$drop_in'; export { default } from '$drop_in';" >index.js
    for runtime in deno bun node; do
      chokidar_tests "$runtime" | tally "./chokidar, $runtime"
    done
    echo "export * from 'chokidar'; export { default } from 'chokidar';" >index.js
    chokidar_tests node | tally "chokidar 5.0.0, node"
    ;;
  fs)
    export NODE_SKIP_FLAG_CHECK=1 NODE_TEST_KNOWN_GLOBALS=0 NODE_TEST_DIR=$TMPDIR
    for runtime in deno bun node; do
      node_tests "$runtime" "${preload[$runtime]}" "$root/src/compat/fs_register.ts" |
        tally "./fs, $runtime"
      node_tests "$runtime" | tally "fs.watch, $runtime"
    done
    ;;
  parcel)
    echo '{ "type": "commonjs" }' >package.json
    npm install --silent --no-save --no-audit --no-fund mocha@11 fs-extra@10 @parcel/watcher@2.6.0
    echo "module.exports = require('$root/src/compat/parcel.ts')" >index.js
    for runtime in deno bun node; do mocha "$runtime" | tally "./parcel, $runtime"; done
    echo "module.exports = require('@parcel/watcher')" >index.js
    mocha node | tally "@parcel/watcher 2.6.0, node"
    ;;
  watchfs)
    cd tests/unit
    deno_tests() {
      deno test --allow-all --no-check --reporter=tap fs_events_test.ts </dev/null 2>/dev/null || true
    }
    cat >test_util.ts <<END
export { deepStrictEqual as assertEquals, ok as assert, throws as assertThrows } from "node:assert/strict";
export { setTimeout as delay } from "node:timers/promises";
END
    deno_tests | tally "Deno.watchFs"
    cat >>test_util.ts <<END
import { watchFs } from "$root/src/compat/watchfs.ts";
Deno.watchFs = watchFs;
const { test } = Deno; // which gives each test the permissions that Deno.watchFs needs
Deno.test = (options, run) => test({ ...options, permissions: { ffi: true, ...options.permissions } }, run);
END
    deno_tests | tally "./watchfs, deno"
    ;;
esac
