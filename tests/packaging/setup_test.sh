#!/bin/sh
# packaging/setup, with a dpkg-query, an apt-get and an id of the test's own before it on PATH.
set -eu
source=$(cd "$(dirname "$0")/../../packaging" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "$source/setup" "$work/"
failures=0

cat >"$work/packages.txt" <<'E2'
# comment
build here
build gone
test here
test elsewhere a-command-that-is-there
E2
fake() { printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"; chmod +x "$work/bin/$1"; }
fake dpkg-query 'echo "installed installed here"; echo "installed config-files gone"; exit 1'
fake apt-get 'echo "apt-get $*" >>"$LOG"'
fake a-command-that-is-there true
export LOG="$work/log"

# expect STATUS SAYING APT-GET-CALLS ARGUMENTS...
expect() {
  status=0
  : >"$LOG"
  wanted_status=$1 saying=$2 calls=$3
  shift 3
  output=$(PATH="$work/bin:$PATH" "$work/setup" "$@" 2>&1) || status=$?
  if [ $status != "$wanted_status" ] || [ "$(wc -l <"$LOG" | tr -d ' ')" != "$calls" ]; then
    echo "FAILED: setup $*: status $status, $(wc -l <"$LOG") calls of apt-get: $output"
    failures=1
  fi
  case $output in
    *"$saying"*) ;;
    *) echo "FAILED: setup $*: said \"$output\", not \"$saying\""; failures=1 ;;
  esac
}

fake id 'echo 0'
expect 0 "" 0 test
expect 0 "Installing: gone" 2 build test
grep -q 'install .*--no-install-recommends gone$' "$LOG" || { echo "FAILED: apt-get was called as: $(cat "$LOG")"; failures=1; }
expect 2 'no set "nonesuch"' 0 nonesuch
expect 2 "sets: build test" 0

fake apt-get 'echo "apt-get $*" >>"$LOG"; exit 100'
expect 1 "could not install: gone" 1 build

fake id 'echo 1000'
expect 0 "" 0 test
expect 1 "sudo apt-get update && sudo apt-get install -y --no-install-recommends gone" 0 build test

exit $failures
