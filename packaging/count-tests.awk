# Counts what ctest ran: reads its JUnit file, and beside each program's entry the XML file that GoogleTest wrote for it.
# Prints the names of what failed or was skipped, then the closing line. Exits 1 on any failure.

function attribute(line, name,    value) {
  if (!match(line, "[ <]" name "=\"[^\"]*\"")) return ""
  value = substr(line, RSTART, RLENGTH)
  sub(/^[^"]*"/, "", value)
  sub(/"$/, "", value)
  return value
}

# One program's cases; `cases` is -1 where it isn't a GoogleTest program. An element <testcase> is alone on its line; what a
# case says stands in the elements below it.
function count_cases(program,    file, line, verdict, name, failed_before) {
  file = results "/" program ".xml"
  failed_before = failed
  verdict = ""
  cases = 0
  is_text = 0
  while ((outcome = (getline line < file)) > 0) {
    if (is_text) {  # what a failure says may look like anything, an element too
      is_text = line !~ /\]\]><\//
      continue
    }
    is_text = line ~ /<!\[CDATA\[/ && line !~ /\]\]><\//
    if (line ~ /^ *<testcase /) {
      settle_case(verdict, name)
      name = attribute(line, "classname") "." attribute(line, "name")
      verdict = attribute(line, "status") == "notrun" ? "skipped" : "passed"
      ++cases
    } else if (line ~ /^ *<failure /) {
      verdict = "failed"
    } else if (line ~ /^ *<skipped/ && verdict == "passed") {
      verdict = "skipped"
    }
  }
  settle_case(verdict, name)
  if (outcome < 0) cases = -1
  close(file)
  return failed - failed_before
}

function settle_case(verdict, name) {
  if (verdict == "") return
  if (verdict != "passed") report[++reports] = verdict ": " name
  if (verdict == "passed") ++passed
  if (verdict == "skipped") ++skipped
  if (verdict == "failed") ++failed
}

# status is "run", "fail", or "notrun" where the program said "skip me" or couldn't be started; only a skip has <skipped>.
function settle_program() {
  if (program == "") return
  failed_cases = count_cases(program)
  if (status == "fail" || (status == "notrun" && !is_skip)) {
    if (failed_cases == 0) settle_case("failed", program " (crashed, timed out or could not start)")
  } else if (cases == -1) {
    settle_case(is_skip || status == "disabled" ? "skipped" : "passed", program)
  }
  program = ""
}

/^[ \t]*<testcase / {
  settle_program()
  program = attribute($0, "name")
  status = attribute($0, "status")
  is_skip = 0
}
/^[ \t]*<skipped message="SKIP_/ { is_skip = 1 }
/^[ \t]*<\/testcase>/ { settle_program() }

END {
  settle_program()
  # ctest knows of a failure that its file doesn't show: count it rather than trust the file.
  if (ctest_status != 0 && failed == 0) settle_case("failed", "ctest (exit status " ctest_status ")")
  for (i = 1; i <= reports; ++i) print report[i]
  printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
  exit failed > 0
}
