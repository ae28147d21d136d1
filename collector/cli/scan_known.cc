#include "collector/cli/scan_known.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "collector/cli/scan_report.h"
#include "shared/json/value.h"

namespace postern::cli {
namespace {

namespace fs = std::filesystem;

constexpr json::Bounds kBaselineBounds{.bytes = 256 << 20, .values = 20'000'000, .depth = 32};
constexpr std::string_view kFileOfIgnored = ".gitleaksignore";

const std::string& IdOf(const FileFinding& finding, const secrets::RuleSet& rules) {
  return rules.rules[finding.finding.rule].id;
}

std::string BySecret(std::string_view rule, std::string_view file, std::string_view secret) {
  return "s\n" + std::string(rule) + "\n" + std::string(file) + "\n" + std::string(secret);
}

std::string ByLine(std::string_view rule, std::string_view file, size_t line) {
  return "l\n" + std::string(rule) + "\n" + std::string(file) + "\n" + std::to_string(line);
}

// Paths that say the same are the same: "./a", "a/", "a".
std::string Plain(const std::string& path) {
  const std::string normal = fs::path(path).lexically_normal().generic_string();
  return normal.starts_with("./") ? normal.substr(2) : normal;
}

std::string_view Trimmed(std::string_view line) {
  const size_t begin = line.find_first_not_of(" \t\r");
  return begin == std::string_view::npos ? ""
                                         : line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace

Result<Baseline> Baseline::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(const json::Value value, json::Parse(text, kBaselineBounds));
  ASSIGN_OR_RETURN(const auto list, value.AsList());
  Baseline baseline;
  for (const json::Value& item : list) {
    ASSIGN_OR_RETURN(const json::Object one, item.AsOpenObject());
    ASSIGN_OR_RETURN(const std::string rule, one.Text("RuleID"));
    ASSIGN_OR_RETURN(const std::string file, one.Text("File"));
    ASSIGN_OR_RETURN(const std::string secret, one.Text("Secret"));
    ASSIGN_OR_RETURN(const int64_t line, one.Integer("StartLine", 0, INT64_MAX));
    // A redacted report says where, but not what.
    const bool redacted = secret == kInPlaceOfSecret || secret.ends_with("...");
    baseline.known_.insert(redacted ? ByLine(rule, file, static_cast<size_t>(line))
                                    : BySecret(rule, file, secret));
  }
  return baseline;
}

bool Baseline::Knows(const FileFinding& finding, const secrets::RuleSet& rules) const {
  const std::string& rule = IdOf(finding, rules);
  return known_.contains(BySecret(rule, finding.file, finding.finding.secret)) ||
         known_.contains(ByLine(rule, finding.file, finding.finding.place.start_line));
}

void IgnoredFindings::Add(std::string_view text, const std::string& directory) {
  while (!text.empty()) {
    const size_t newline = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, newline));
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    if (line.empty() || line.front() == '#') continue;
    fingerprints_.insert(Plain(std::string(line)));
    if (!directory.empty()) fingerprints_.insert(Plain(directory + "/" + std::string(line)));
  }
}

bool IgnoredFindings::Has(const FileFinding& finding, const secrets::RuleSet& rules) const {
  return fingerprints_.contains(Plain(FingerprintOf(finding, rules)));
}

IgnoredFindings IgnoredAround(const std::vector<std::string>& paths) {
  IgnoredFindings ignored;
  const auto add = [&](const std::string& directory) {
    const fs::path file = fs::path(directory) / kFileOfIgnored;
    std::error_code error;
    // A pipe of this name would be waited for for ever.
    if (!fs::is_regular_file(file, error)) return;
    std::ifstream in(file, std::ios::binary);
    ignored.Add(std::string(std::istreambuf_iterator<char>(in), {}), directory);
  };
  add("");
  std::error_code error;
  for (const std::string& path : paths) {
    if (path != "-" && fs::is_directory(path, error)) add(path);
  }
  return ignored;
}

}  // namespace postern::cli
