#include "tests/shared/secrets/cases.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "shared/base/check.h"
#include "shared/json/value.h"
#include "shared/secrets/rule_file.h"
#include "tests/support/paths.h"

namespace postern::secrets {
namespace {

std::string Forwards(std::string text) {
  // By characters of UTF-8, as they were turned round.
  std::string turned;
  for (size_t end = text.size(); end > 0;) {
    size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xc0) == 0x80) --begin;
    turned += text.substr(begin, end - begin);
    end = begin;
  }
  return turned;
}

Case CaseIn(const std::string& line) {
  const auto parsed = json::Parse(line);
  CHECK(parsed);
  const auto object = parsed->AsOpenObject();
  CHECK(object);
  Case one{.rule = object->Text("rule").value(),
           .text = Forwards(object->Text("text").value()),
           .path = object->OptionalText("path").value().value_or(""),
           .found_by = object->Texts("found").value(),
           .secret = object->OptionalText("secret").value()};
  if (one.secret) one.secret = Forwards(*one.secret);
  std::sort(one.found_by.begin(), one.found_by.end());
  return one;
}

}  // namespace

std::string ReadWhole(const std::string& path) {
  std::ifstream in(support::InSource(path), std::ios::binary);
  CHECK(in.good());
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Case> LabelledCases() {
  std::vector<Case> cases;
  for (const char* part : {"1", "2", "3", "4"}) {
    std::istringstream lines(ReadWhole(std::string("tests/shared/secrets/data/cases-") + part + ".jsonl"));
    for (std::string line; std::getline(lines, line);) cases.push_back(CaseIn(line));
  }
  return cases;
}

RuleSet GitleaksRules() {
  const auto rules = ReadRules(ReadWhole("tests/shared/secrets/data/gitleaks.toml"), "gitleaks.toml", {});
  CHECK(rules);
  return *rules;
}

const Scanner& GitleaksScanner() {
  static const Scanner scanner = [] {
    auto made = Scanner::Make(GitleaksRules(), {});
    if (!made) std::cerr << made.error().message << '\n';
    CHECK(made);
    return *std::move(made);
  }();
  return scanner;
}

std::vector<Finding> MustScan(const Scanner& scanner, const Fragment& fragment) {
  Workspace workspace(scanner);
  auto findings = scanner.Scan(fragment, workspace, {});
  CHECK(findings);
  return *std::move(findings);
}

std::vector<std::string> RulesOf(const Scanner& scanner, const std::vector<Finding>& findings) {
  std::vector<std::string> ids;
  for (const Finding& finding : findings) ids.push_back(scanner.rules().rules[finding.rule].id);
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

}  // namespace postern::secrets
