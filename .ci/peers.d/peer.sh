# Read by the scripts beside it, from the top of the repository: installs a peer, starts it, and ends it with the script.
set -euo pipefail

node_version=24.18.0
node=.cache/peers/node-$node_version/node_modules/.bin/node

work=$(mktemp -d)
peer=
trap '[ -z "$peer" ] || kill "$peer" 2>/dev/null || true; rm -rf "$work"' EXIT

# install HOME PACKAGE... installs pinned packages once.
install() {
  local home=.cache/peers/$1
  shift
  [ ! -e "$home/installed" ] || return 0
  command -v npm >/dev/null 2>&1 || { echo "missing: npm. On Debian: sudo apt-get install npm" >&2; exit 1; }
  echo "installing $*"
  mkdir -p "$home"
  SCARF_ANALYTICS=false npm install --prefix "$home" --no-audit --no-fund --no-package-lock --loglevel=error "$@" >/dev/null
  touch "$home/installed"
}

# free_port prints a port that nobody listens at.
free_port() {
  "$node" -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })'
}

# start READY COMMAND... starts the peer and waits until it has said READY.
start() {
  local ready=$1 line
  shift
  mkfifo "$work/said"
  "$@" >"$work/said" 2>&1 &
  peer=$!
  exec 3<"$work/said"
  while IFS= read -r -t 60 line <&3; do
    echo "$line" >>"$work/log"
    case $line in *"$ready"*) cat <&3 >>"$work/log" & return 0 ;; esac
  done
  echo "$1 did not start:" >&2
  cat "$work/log" >&2
  exit 1
}

# run_tests runs go test with these arguments; when they fail it shows what the peer said last.
run_tests() {
  "${GO:-go}" test -race -count=1 -tags peers -v "$@" && return 0
  local status=$?
  [ ! -s "$work/log" ] || { echo "what the peer said last:" >&2; tail -n 40 "$work/log" >&2; }
  return "$status"
}

install "node-$node_version" "node@$node_version"
