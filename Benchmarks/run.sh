#!/usr/bin/env bash
# run.sh [NAME…]: builds the product and the benchmarks for release and runs those named, or all of them.
#
# Each prints what it does on standard error and one line of JSON as its last line on standard output. `MCPD_BIN` names
# a directory with finished programs to measure instead. Leaves with 1 if a benchmark could not be run; figures never gate.
. "$(dirname "$0")/../scripts/common.sh"
find_swift

if [ -z "${MCPD_BIN:-}" ]; then
  "$root/scripts/build" >&2
  MCPD_BIN=$root/.build/release
fi
export MCPD_BIN MCPD_ROOT=$root

say "bench: building the benchmarks" >&2
quietly swift build -c release --package-path "$root/Benchmarks" || fail "bench: the benchmarks do not build"
programs=$root/Benchmarks/.build/release

names=("$@")
if [ "${#names[@]}" = 0 ]; then
  for directory in "$root"/Benchmarks/Sources/*/; do
    name=$(basename "$directory")
    [ "$name" = Bench ] || names+=("$name")
  done
fi

# A benchmark, its daemon and its peers are one process group, which `timeout` makes and ends; Ctrl-C must reach it.
running=
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/mcpd-bench.XXXXXX")
export TMPDIR
stop() {
  if [ -n "$running" ]; then
    kill -TERM "$running" 2>/dev/null || true
    wait "$running" 2>/dev/null || true
  fi
  rm -rf "$TMPDIR"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

status=0
for name in "${names[@]}"; do
  [ -x "$programs/$name" ] && [ -d "$root/Benchmarks/Sources/$name" ] \
    || fail "bench: there is no benchmark $name" "there are: $(cd "$root/Benchmarks/Sources" && ls -d -- */ | grep -v '^Bench/' | tr -d / | tr '\n' ' ')"
  say "bench: $name" >&2
  timeout --signal=TERM --kill-after=20 300 "$programs/$name" &
  running=$!
  wait "$running" || { say "bench: $name could not be run" >&2; status=1; }
  running=
done
exit "$status"
