#!/usr/bin/env bash
# Runs the test suite on the three runtimes, and then the gate: all that is held true of the code.
#
#   scripts/test.sh [--suite-only] [--runtime deno|bun|node] [FILTER...]
#   scripts/test.sh [--runtime deno|bun|node] scenario NAME...
#
# --runtime and FILTERs narrow the suite: to one runtime, to the files whose path contains a FILTER.
# --suite-only leaves the gate out. Every step runs, whatever became of those before it.
# "scenario" plays the scenarios of test/scenarios/ whose path contains a NAME, and nothing else.
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
      (($# > 1)) || usage "Which scenario?"
      export INOTIFY_SCENARIOS=${*:2}
      filters=(test/scenarios/) gate=false
      break
      ;;
    -*) usage "Unknown option \"$1\"" ;;
    *) filters+=("$1") ;;
  esac
  shift
done

# Test files by name, since bare `node --test` would run helpers too.
files=()
while read -r file; do
  for filter in "${filters[@]:-}"; do
    if [[ $file == *"$filter"* ]]; then files+=("$file") && break; fi
  done
done < <(find ./test -name '*.test.ts' | sort)
((${#files[@]})) || usage "No test file matches: ${filters[*]:-./test has none}"

names=() results=() times=()
passed=0 failed=0 skipped=0

# Runs a command as the step $1. Exit status 77 means that it does not apply here.
step() {
  local name=$1 start=${EPOCHREALTIME/[.,]/} status=0 result seconds
  shift
  printf '\n=== %s\n' "$name"
  "$@" </dev/null 2>&1 || status=$?
  case $status in
    0) result=passed && passed=$((passed + 1)) ;;
    77) result=skipped && skipped=$((skipped + 1)) ;;
    *) result="FAILED ($status)" && failed=$((failed + 1)) ;;
  esac
  seconds=$(printf '%07d' $((${EPOCHREALTIME/[.,]/} - start)))
  names+=("$name") results+=("$result") times+=("${seconds::-6}.${seconds: -6:1}")
  printf -- '--- %s: %s, %s s\n' "$name" "$result" "${times[-1]}"
}

# The types of the Bun and Node.js backends, against the real ones.
tsc_with_deno_namespace() {
  deno types | sed -n '/^declare namespace Deno {/,/^}/p' >"$runtimes/deno.d.ts" && tsc -p scripts
}

tools=("${suites[@]}" tsc esbuild)
if $gate && [[ ${suites[0]} != deno ]]; then tools+=(deno); fi
provide fast-check # first: npm is to run on the Node.js that it came with
toolchain "${tools[@]}"

# What these tests are about blocks for ever when it is broken, and takes the runner along.
bounded=(timeout --kill-after=10 1200)
for runtime in "${suites[@]}"; do
  case $runtime in
    deno) step "suite on Deno" "${bounded[@]}" deno test --quiet --allow-all --no-check "${files[@]}" ;;
    bun) step "suite on Bun" "${bounded[@]}" bun test --timeout 120000 "${files[@]}" ;;
    node) step "suite on Node.js" "${bounded[@]}" node --disable-warning=ExperimentalWarning --test "${files[@]}" ;;
  esac
done

if $gate; then
  # jsr: is only for examples, tests and scripts, so the gate does without it where it is not to be had.
  # For the same reason there is no deno.lock: it would differ between the two kinds of machine, and
  # the module itself depends on nothing.
  if timeout 20 deno info --quiet jsr:@std/assert@^1 </dev/null >/dev/null 2>&1; then
    std=()
    printf '\n@std comes from JSR\n'
  else
    std=(--import-map=scripts/stand-ins/import_map.json)
    printf '\n@std comes from scripts/stand-ins, since jsr: does not resolve here\n'
  fi

  step "format" deno fmt --check
  step "lint" deno lint
  step "types, Deno" deno check --quiet "${std[@]}" mod.ts src ffi test scripts
  step "types, Bun and Node.js" tsc_with_deno_namespace
  step "doc comments" deno doc --lint mod.ts src/kernel/mod.ts src/compat/watchfs.ts src/cli/{watch,inotifywait,inotifywatch}.ts
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
