#!/usr/bin/env bash
# Runs the test suite on the three runtimes, and then the gate: format, lint, types, docs, layers, headers.
#
#   scripts/test.sh [--suite-only] [--runtime deno|bun|node] [FILTER...]
#   scripts/test.sh [--runtime deno|bun|node] scenario NAME...
#
# --runtime runs the suite on one runtime only; FILTERs select the test files whose path contains one of them.
# --suite-only leaves the gate out. Every step runs, even after a failure.
# "scenario" runs only the scenarios of test/scenarios/ whose path contains a NAME.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/toolchain.sh"
cd -- "$root"
[[ -t 1 ]] || export NO_COLOR=1

usage() {
  echo "$1" >&2
  echo "Usage: scripts/test.sh [--suite-only] [--runtime deno|bun|node] [FILTER...]" >&2
  echo "       scripts/test.sh [--runtime deno|bun|node] scenario NAME..." >&2
  exit 2
}

gate=true
suites=(deno bun node)
filters=()
while (($#)); do
  case $1 in
    --suite-only) gate=false ;;
    --runtime)
      [[ ${2-} =~ ^(deno|bun|node)$ ]] || usage "Unknown runtime \"${2-}\""
      suites=("$2") && shift
      ;;
    scenario)
      (($# > 1)) || usage "Missing NAME of a scenario"
      export INOTIFY_SCENARIOS=${*:2}
      filters=(test/scenarios/) gate=false
      break
      ;;
    -*) usage "Unknown option \"$1\"" ;;
    *) filters+=("$1") ;;
  esac
  shift
done

# Test files are listed, since `node --test` without names would run helpers too.
files=()
while read -r file; do
  for filter in "${filters[@]:-}"; do
    if [[ $file == *"$filter"* ]]; then files+=("$file") && break; fi
  done
done < <(find ./test -name '*.test.ts' | sort)
((${#files[@]})) || usage "No test file matches: ${filters[*]:-./test has none}"

names=() results=() times=()
passed=0 failed=0 skipped=0

# Runs a command as the step named $1. Exit status 77 means that it is skipped.
# One that ran beside began at $began, and ended at the last change of the file $log.
step() {
  local name=$1 start=${began:-$EPOCHREALTIME} status=0 end result seconds
  shift
  printf '\n=== %s\n' "$name"
  "$@" </dev/null 2>&1 || status=$?
  end=$EPOCHREALTIME
  [[ -z ${log-} ]] || end=$(stat -c %.6Y "$log")
  case $status in
    0) result=passed && passed=$((passed + 1)) ;;
    77) result=skipped && skipped=$((skipped + 1)) ;;
    *) result="FAILED ($status)" && failed=$((failed + 1)) ;;
  esac
  seconds=$(printf '%07d' $((${end/[.,]/} - ${start/[.,]/})))
  names+=("$name") results+=("$result") times+=("${seconds::-6}.${seconds: -6:1}")
  printf -- '--- %s: %s, %s s\n' "$name" "$result" "${times[-1]}"
}

# Checks the Bun and Node.js backends against the runtimes' own types.
tsc_with_deno_namespace() {
  deno types | sed -n '/^declare namespace Deno {/,/^}/p' >"$runtimes/deno.d.ts" && tsc -p scripts
}

tools=("${suites[@]}" tsc esbuild)
if $gate && [[ ${suites[0]} != deno ]]; then tools+=(deno); fi
provide fast-check # first, so that npm runs on the Node.js that it came with
provide clients || echo "Tests of programs from npm will be skipped"
toolchain "${tools[@]}"

# A bug in blocking calls can block the test runner for ever.
bounded=(timeout --kill-after=10 1200)
suite() {
  case $1 in
    deno) "${bounded[@]}" deno test --quiet --allow-all --no-check "${files[@]}" ;;
    bun) "${bounded[@]}" bun test --timeout 120000 "${files[@]}" ;;
    node) "${bounded[@]}" node --disable-warning=ExperimentalWarning --test --test-concurrency=2 "${files[@]}" ;;
  esac
}

# Runs a command with its output in the file $1, which is touched at its end.
beside() {
  local output=$1 status=0
  shift
  "$@" </dev/null >"$output" 2>&1 || status=$?
  touch "$output"
  return "$status"
}

# Runs a command once a process has ended.
after() {
  tail --pid="$1" -f /dev/null
  "${@:2}"
}

# Prints the output of a command that runs beside, as it comes. Its exit status is that of the command.
follow() {
  tail --pid="$1" -n +1 -f "$2"
  wait "$1"
}

# Ends what runs beside, as after Ctrl-C, with the runtime that it has started, and deletes its output.
stop() {
  local children
  children=$(cat "/proc/$bun/task/$bun/children" "/proc/$node/task/$node/children" 2>/dev/null || true)
  kill "$bun" "$node" $children 2>/dev/null || true
  rm -rf "$outputs"
}

# Tests wait more than they compute: so those of Bun, and then those of Node.js, run beside those of Deno, and two
# files at a time on Node.js.
declare -A titles=([deno]="suite on Deno" [bun]="suite on Bun" [node]="suite on Node.js")
if ((${#suites[@]} == 1)); then
  step "${titles[${suites[0]}]}" suite "${suites[0]}"
else
  outputs=$(mktemp -d "$runtimes/suites.XXXXXX") # one for each run, since several may go on at once; stop() removes it
  start=$EPOCHREALTIME
  beside "$outputs/bun" suite bun &
  bun=$!
  beside "$outputs/node" after "$bun" suite node &
  node=$!
  trap stop EXIT
  step "${titles[deno]}" suite deno
  began=$start log=$outputs/bun step "${titles[bun]}" follow "$bun" "$outputs/bun"
  began=$(stat -c %.6Y "$outputs/bun") log=$outputs/node step "${titles[node]}" follow "$node" "$outputs/node"
fi

if $gate; then
  # Only examples, tests and scripts import from jsr:, so the gate uses stand-ins where it does not resolve.
  # There is no deno.lock, since it would differ between these cases and the module has no dependencies.
  if timeout 20 deno info --quiet jsr:@std/assert@^1 </dev/null >/dev/null 2>&1; then
    std=()
    printf '\n@std comes from JSR\n'
  else
    std=(--import-map=scripts/stand-ins/import_map.json)
    printf '\n@std comes from scripts/stand-ins, since jsr: does not resolve\n'
  fi

  step "format" deno fmt --check
  step "lint" deno lint
  step "types, Deno" deno check --quiet "${std[@]}" mod.ts src ffi test scripts
  step "types, Bun and Node.js" tsc_with_deno_namespace
  step "doc comments" deno doc --lint mod.ts src/kernel/mod.ts src/compat/{chokidar,fs,fs_register,parcel,watchfs}.ts src/cli/{watch,inotifywait,inotifywatch}.ts
  step "doc examples" deno test --quiet --allow-all --doc "${std[@]}" mod.ts src README.md docs
  step "layers" deno run --allow-read "${std[@]}" scripts/layers.ts
  step "C headers" deno run --allow-read --allow-run --allow-env scripts/headers.ts
  step "publish, dry run" deno publish --quiet --dry-run --allow-dirty
fi

printf '\n%-24s %-14s %8s\n' step result seconds
for i in "${!names[@]}"; do
  printf '%-24s %-14s %8s\n' "${names[i]}" "${results[i]}" "${times[i]}"
done
((skipped == 0)) || printf '%d skipped\n' "$skipped"
printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
