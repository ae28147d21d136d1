#!/bin/sh
# The closing line counts what ran: each case of a GoogleTest program, each other program as one, and what crashed.
set -eu
count=$(cd "$(dirname "$0")/../../packaging" && pwd)/count-tests.awk
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
failures=0

# expect STATUS CLOSING-LINE CTEST-STATUS: of the results written so far.
expect() {
  status=0
  output=$(awk -v ctest_status="$3" -v results="$results" -f "$count" "$results/ctest.junit") || status=$?
  last=$(echo "$output" | tail -n 1)
  if [ "$status" != "$1" ] || [ "$last" != "$2" ]; then
    echo "FAILED: expected $1 \"$2\", got $status: $output"
    failures=1
  fi
}

program() {  # program NAME STATUS [MESSAGE OF <skipped>]
  printf '\t<testcase name="%s" classname="%s" time="0.1" status="%s">\n' "$1" "$1" "$2" >>"$results/ctest.junit"
  [ -z "${3-}" ] || printf '\t\t<skipped message="%s"/>\n' "$3" >>"$results/ctest.junit"
  printf '\t\t<system-out>&lt;testcase name=&quot;x&quot;</system-out>\n\t</testcase>\n' >>"$results/ctest.junit"
}

start() {
  rm -f "$results"/*
  printf '<?xml version="1.0"?>\n<testsuite name="Linux-c++">\n' >"$results/ctest.junit"
}

start
program plain run
expect 0 "1 passed, 0 failed, 0 skipped" 0

program skips_itself notrun SKIP_RETURN_CODE=77
expect 0 "1 passed, 0 failed, 1 skipped" 0

program switched_off disabled
expect 0 "1 passed, 0 failed, 2 skipped" 0

program cannot_start notrun "Unable to find executable"
expect 1 "1 passed, 1 failed, 2 skipped" 8

# A program with cases: one passes, one fails with two complaints and a text that looks like an element, one is skipped, one off.
start
cat >"$results/cases.xml" <<'XML'
<testsuites tests="4" failures="1" disabled="1" errors="0" name="AllTests">
  <testsuite name="A" tests="4" failures="1" disabled="1" skipped="1" errors="0">
    <testcase name="Passes" file="a.cc" line="2" status="run" result="completed" time="0" classname="A" />
    <testcase name="Fails" file="a.cc" line="3" status="run" result="completed" time="0" classname="A">
      <failure message="a.cc:3&#x0A;&lt;testcase" type=""><![CDATA[a.cc:3
    <testcase name="forged" status="run">
      <skipped message="x">
]]></failure>
      <failure message="again" type=""><![CDATA[again]]></failure>
    </testcase>
    <testcase name="Skips" file="a.cc" line="4" status="run" result="skipped" time="0" classname="A">
      <skipped message="no"><![CDATA[no]]></skipped>
    </testcase>
    <testcase name="DISABLED_Off" file="a.cc" line="5" status="notrun" result="suppressed" time="0" classname="A" />
  </testsuite>
</testsuites>
XML
program cases fail
expect 1 "1 passed, 1 failed, 2 skipped" 8

# All its cases passed, yet it failed: a leak, say, found at its end.
start
printf '    <testcase name="Passes" status="run" result="completed" classname="A" />\n' >"$results/leaks.xml"
program leaks fail
expect 1 "1 passed, 1 failed, 0 skipped" 8

# It crashed and left no file.
start
program crashes fail
expect 1 "0 passed, 1 failed, 0 skipped" 8

# ctest failed and its file says nothing of it.
start
program plain run
expect 1 "1 passed, 1 failed, 0 skipped" 8

exit $failures
