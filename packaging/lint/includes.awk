# See packaging/lint/includes. The first file is layers.txt, the others are C++.

function complain(what) {
  printf "%s:%d: %s\n", FILENAME, FNR, what
  ++complaints
}

function begins(text, start) { return substr(text, 1, length(start)) == start }
function is_below(path, directory) { return begins(path, directory "/") }

# The number of the first entry of table[1..count] that `header` begins with; an entry without "/" or "." is a whole name.
function entry_of(header, table, count,    i) {
  for (i = 1; i <= count; ++i) {
    if (table[i] ~ /[\/.]/ ? begins(header, table[i]) : header == table[i]) return i
  }
  return 0
}

function start_file() {
  end_file()
  file = FILENAME
  has_pragma = 0
  mirrored = file
  sub(/^tests\//, "", mirrored)
  is_test = mirrored != file
  is_pure = 0
  for (i = 1; i <= pure_count; ++i) if (is_below(file, pure[i])) is_pure = 1
}

function end_file() {
  if (file ~ /\.h$/ && !has_pragma) {
    printf "%s:1: has no #pragma once\n", file
    ++complaints
  }
}

function check_library(header,    i, homes) {
  if (is_below(file, "tests/bench")) return
  for (i = 1; i <= library_count; ++i) {
    if (!begins(header, library[i])) continue
    if (is_below(file, home[i]) || is_below(mirrored, home[i])) return
    homes = homes (homes == "" ? "" : " and ") home[i]
  }
  if (homes != "") complain("<" header "> is for " homes " alone")
  else if (header ~ /[\/.]/ && !entry_of(header, system_header, system_count))
    complain("<" header "> is a library that packaging/lint/layers.txt doesn't know")
}

function check_own(header) {
  if (header !~ /^(agent|collector|shared|tests)\//) complain("\"" header "\" is not a path from the root")
  if (is_test) return
  if (begins(header, "tests/")) complain("the program must not include tests: \"" header "\"")
  if (begins(file, "agent/") && begins(header, "collector/")) complain("agent must not include collector: \"" header "\"")
  if (begins(file, "collector/") && begins(header, "agent/")) complain("collector must not include agent: \"" header "\"")
  if (begins(file, "shared/") && header ~ /^(agent|collector)\//) complain("shared must include neither agent nor collector: \"" header "\"")
  if (begins(file, "shared/base/") && begins(header, "shared/") && !begins(header, "shared/base/"))
    complain("shared/base must include nothing else of ours: \"" header "\"")
}

# layers.txt
NR == FNR {
  if ($0 ~ /^#/ || NF == 0) next
  if ($1 == "library") for (i = 3; i <= NF; ++i) { library[++library_count] = $i; home[library_count] = $2 }
  else if ($1 == "system") for (i = 2; i <= NF; ++i) system_header[++system_count] = $i
  else if ($1 == "pure") pure[++pure_count] = $2
  else if ($1 == "impure") for (i = 2; i <= NF; ++i) impure[++impure_count] = $i
  else if ($1 == "impure-call") impure_call = $2
  else complain("unknown entry \"" $1 "\"")
  next
}

FNR == 1 { start_file() }

/^[ \t]*#[ \t]*pragma once/ { has_pragma = 1 }

/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
  header = $0
  is_own = header ~ /include[ \t]*"/
  sub(/^[^<"]*[<"]/, "", header)
  sub(/[>"].*$/, "", header)
  if (is_own) check_own(header)
  else check_library(header)
  if (is_pure && (entry_of(header, impure, impure_count) || entry_of(header, system_header, system_count)))
    complain("a pure module must not include " header)
  next
}

{
  code = $0
  sub(/\/\/.*$/, "", code)
  # Two exceptions: a unit's literals outside of headers, since 30s says more than seconds(30); and a fuzzer's entry point, which
  # stands outside of every namespace.
  if (code ~ /(^|[^A-Za-z_])using[ \t]+namespace[ \t]/ && !(code ~ /_literals;/ && file !~ /\.h$/) && file !~ /_fuzzer\.cc$/)
    complain("no \"using namespace\"")
  if (is_pure && code ~ impure_call) complain("a pure module must not look at clocks, files, the environment or chance")
}

END {
  end_file()
  exit complaints > 0
}
