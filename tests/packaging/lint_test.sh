#!/bin/sh
# The lints find each thing that they are there to find: a small tree that is clean, then the same tree with one file more.
set -eu
lint=$(cd "$(dirname "$0")/../../packaging/lint" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0
cases=0

clean_tree() {
  mkdir -p "$tree/agent/dialect" "$tree/collector" "$tree/shared/base" "$tree/shared/kv" "$tree/tests/shared/kv" "$tree/tests/bench"
  printf '#pragma once\n#include <vector>\n' >"$tree/shared/base/result.h"
  printf '#include "shared/kv/store.h"\n\n#include <rocksdb/db.h>\n' >"$tree/shared/kv/store.cc"
  printf '#pragma once\n#include "shared/base/result.h"\n' >"$tree/shared/kv/store.h"
  printf '#include "shared/kv/store.h"\n#include <gtest/gtest.h>\n#include <rocksdb/db.h>\n' >"$tree/tests/shared/kv/store_test.cc"
  printf '#include <rocksdb/db.h>\nusing namespace std::chrono_literals;\n' >"$tree/tests/bench/bare.cc"
  printf '#include <chrono>\n#include "shared/base/result.h"\n// Clock::now() is not for us, nor: using namespace std;\n' \
    >"$tree/agent/dialect/sse.cc"
  printf '#include <sys/socket.h>\n#include "shared/kv/store.h"\n' >"$tree/agent/main.cc"
}

fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# refuses LINT SAYING FILE TEXT: with TEXT (as printf reads it) in FILE the lint fails and says SAYING.
refuses() {
  cases=$((cases + 1))
  mkdir -p "$tree/${3%/*}"
  # shellcheck disable=SC2059
  printf "$4" >"$tree/$3"
  if output=$("$lint/$1" "$tree" 2>&1); then
    fail "$1 lets pass in $3: $4"
  else
    case $output in
      *"$3:"*"$2"*) ;;
      *) fail "$1 on $3 ($4) said: $output" ;;
    esac
  fi
  rm "$tree/$3"
}

accepts_the_clean_tree() {
  for name in includes texts; do
    cases=$((cases + 1))
    output=$("$lint/$name" "$tree" 2>&1) || fail "$name finds something in a clean tree: $output"
  done
}

clean_tree
accepts_the_clean_tree

refuses includes 'shared/kv alone' agent/spool/a.cc '#include <rocksdb/db.h>\n'
refuses includes 'shared/bus alone' shared/http/a.cc '#include <zmq.hpp>\n'
refuses includes 'shared/crypto and shared/tls alone' agent/a.cc '#include <openssl/evp.h>\n'
refuses includes 'shared/rest alone' collector/a.cc '#include <Poco/Net/HTTPServer.h>\n'
refuses includes 'shared/config alone' agent/a.cc '#include <yaml-cpp/yaml.h>\n'
refuses includes 'shared/wire alone' agent/spool/a.cc '#include <google/protobuf/message.h>\n'
refuses includes 'shared/base alone' agent/a.cc '#include <fmt/format.h>\n'
refuses includes 'shared/base alone' agent/a.cc '  # include <spdlog/spdlog.h>\n'
refuses includes 'agent/dialect alone' shared/policy/a.cc '#include <simdjson.h>\n'
refuses includes 'shared/http alone' agent/gate/a.cc '#include <llhttp.h>\n'
refuses includes 'is for agent/decoding' agent/gate/a.cc '#include <zlib.h>\n'
refuses includes 'tests alone' agent/gate/a.cc '#include <gtest/gtest.h>\n'
refuses includes 'shared/kv alone' tests/agent/gate/a_test.cc '#include <rocksdb/db.h>\n'
refuses includes "doesn't know" agent/gate/a.cc '#include <curl/curl.h>\n'
refuses includes 'agent must not include collector' agent/a.cc '#include "collector/a.h"\n'
refuses includes 'collector must not include agent' collector/a.cc '#include "agent/a.h"\n'
refuses includes 'shared must include neither' shared/kv/a.cc '#include "agent/a.h"\n'
refuses includes 'shared must include neither' shared/kv/a.cc '#include "collector/a.h"\n'
refuses includes 'shared/base must include nothing else' shared/base/a.cc '#include "shared/kv/store.h"\n'
refuses includes 'must not include tests' agent/a.cc '#include "tests/support/a.h"\n'
refuses includes 'not a path from the root' agent/gate/a.cc '#include "refusal.h"\n'
refuses includes 'no #pragma once' agent/a.h '#include <vector>\n'
refuses includes 'no "using namespace"' agent/a.cc 'namespace a {\n  using namespace std;\n}\n'
refuses includes 'no "using namespace"' agent/a.h '#pragma once\nusing namespace std::chrono_literals;\n'
for directory in agent/dialect agent/wallet collector/ledger shared/pricing shared/policy shared/secrets; do
  refuses includes 'a pure module must not include' $directory/a.cc '#include <thread>\n'
  refuses includes 'a pure module must not include' $directory/a.cc '#include "shared/kv/store.h"\n'
  refuses includes 'a pure module must not look' $directory/a.cc 'auto a = std::chrono::steady_clock::now();\n'
done

for header in mutex atomic condition_variable fstream filesystem unistd.h sys/socket.h netinet/in.h random time.h; do
  refuses includes 'a pure module must not include' agent/wallet/a.cc "#include <$header>\n"
done

# Each in two halves, so that the lint doesn't find this file.
refuses texts '/wo''rk/' agent/a.md 'see /wo''rk/main/a\n'
refuses texts '/ro''ot/' agent/a.cc '// /ro''ot/a\n'
refuses texts '/tmp/''wt' agent/a.md 'in /tmp/''wt/a\n'
refuses texts 'TO''DO' agent/a.cc '// TO''DO: later\n'
refuses texts 'FIX''ME' agent/a.cc '// FIX''ME\n'
refuses texts 'registry.''npmjs' tests/peers/package-lock.json '{"resolved": "https://registry.''npmjs.org/a"}\n'

accepts_the_clean_tree
echo "$cases cases, $failures failed"
[ $failures -eq 0 ]
