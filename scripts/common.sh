# Sourced by the scripts beside it (bash): where the repository is, where Swift is, how to speak.

set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# One line for each step on standard output, complaints on standard error.
say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$1" >&2
  shift
  local line
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# Puts `swift` on PATH from the places where installers leave it.
find_swift() {
  if command -v swift >/dev/null; then return; fi
  local place
  for place in /opt/swift/usr/bin "${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}" "$HOME/.swiftly/bin" \
    /usr/local/swift/usr/bin /usr/libexec/swift/bin; do
    if [ -x "$place/swift" ]; then
      PATH=$place:$PATH
      export PATH
      return
    fi
  done
  fail "swift: not found on PATH, in /opt/swift or under ~/.local/share/swiftly" \
    "install the Swift 6.3 toolchain: https://www.swift.org/install/linux/" \
    "then make it known: export PATH=/path/to/swift/usr/bin:\$PATH"
}

# `swift build` in surroundings that do not depend on who calls: SwiftPM compiles everything anew when PATH differs (an
# activated Python environment is enough) or when its output goes to a terminal this time and to a pipe the next.
swift_build() {
  local tools
  tools=$(dirname "$(command -v swift)")
  PATH=$tools:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin swift build "$@" 2>&1 | cat
}

# progress NAME COMMAND…: a builder's steps on one line that disappears, or on a pipe as a line now and then; all that it
# said, if it fails.
progress() {
  local name=$1 log status=0 last=$SECONDS width line
  shift
  log=$(mktemp)
  width=$({ stty size </dev/tty | cut -d' ' -f2; } 2>/dev/null || echo 80)
  "$@" | while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    case $line in
      '['[0-9]*/*']'*)
        if [ -t 1 ]; then
          line="$name: $line"
          printf '\r\033[2K%s' "${line:0:width - 1}"
        elif [ $((SECONDS - last)) -ge 20 ]; then
          last=$SECONDS
          say "$name: $line"
        fi
        ;;
    esac
  done || status=$?
  if [ -t 1 ]; then printf '\r\033[2K'; fi
  if [ "$status" != 0 ]; then grep -vE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 60 >&2 || true; fi
  rm -f "$log"
  return "$status"
}

# Runs a quiet command; its output is shown only if it fails.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || status=$?
  if [ "$status" != 0 ]; then tail -n 60 "$log" >&2; fi
  rm -f "$log"
  return "$status"
}

# The control socket that client and daemon take when nobody names one.
default_socket() {
  if [ -n "${MCPD_SOCKET:-}" ]; then
    say "$MCPD_SOCKET"
  elif [ -n "${XDG_RUNTIME_DIR:-}" ]; then
    say "$XDG_RUNTIME_DIR/mcpd/mcpd.sock"
  else
    say "/tmp/mcpd-$(id -u)/mcpd.sock"
  fi
}

# Every file of the repository that matches the patterns (of `find -name`), one a line; also where there is no git.
repository_files() {
  local pattern
  for pattern in "$@"; do
    if git -C "$root" rev-parse --git-dir >/dev/null 2>&1; then
      git -C "$root" ls-files -co --exclude-standard -- ":(glob)**/$pattern"
    else
      (cd "$root" && find . \( -name .build -o -name .git \) -prune -o -type f -name "$pattern" -print | sed 's|^\./||')
    fi
  done | sort -u
}
