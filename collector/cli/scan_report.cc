#include "collector/cli/scan_report.h"

#include <cstdio>

#include "shared/base/version.h"
#include "shared/command_line/table.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::cli {
namespace {

constexpr std::string_view kRedacted = "REDACTED";
constexpr size_t kShownOfSecret = 4;
constexpr json::Bounds kBaselineBounds{.bytes = 256 << 20, .values = 20'000'000, .depth = 32};

const secrets::Rule& RuleOf(const FileFinding& finding, const secrets::RuleSet& rules) {
  return rules.rules[finding.finding.rule];
}

std::string Replaced(std::string text, std::string_view what) {
  if (what.empty()) return text;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + kRedacted.size()))
    text.replace(at, what.size(), kRedacted);
  return text;
}

std::string SecretOf(const FileFinding& finding, Showing showing) {
  const std::string& secret = finding.finding.secret;
  return showing == Showing::kSecrets || secret.empty() ? secret : std::string(kRedacted);
}

std::string MatchOf(const FileFinding& finding, Showing showing) {
  const secrets::Finding& found = finding.finding;
  return showing == Showing::kSecrets ? found.text : Replaced(found.text, found.secret);
}

void WriteNumber(json::Writer& out, std::string_view name, double number) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6f", number);
  const auto value = json::Parse(digits);
  CHECK(value);
  out.Copy(name, *value);
}

// A path as a URI's (RFC 3986 §3.3).
std::string UriOf(std::string_view path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/!$&'()*+,;=@").find(c) != std::string_view::npos;
    if (plain) {
      uri += c;
    } else {
      uri += '%';
      uri += kDigits[static_cast<unsigned char>(c) >> 4];
      uri += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return uri;
}

std::vector<std::string> TagsOf(const FileFinding& finding, const secrets::RuleSet& rules) {
  std::vector<std::string> tags = RuleOf(finding, rules).tags;
  const uint8_t encodings = finding.finding.encodings;
  constexpr std::pair<int, std::string_view> kNames[] = {
      {1, "percent"}, {2, "unicode"}, {4, "hex"}, {8, "base64"}};
  for (const auto& [bit, name] : kNames) {
    if ((encodings & bit) != 0) tags.push_back("decoded:" + std::string(name));
  }
  if (encodings != 0) tags.push_back("decode-depth:" + std::to_string(finding.finding.depth));
  return tags;
}

std::string BySecret(std::string_view rule, std::string_view file, std::string_view secret) {
  return "s\n" + std::string(rule) + "\n" + std::string(file) + "\n" + std::string(secret);
}

std::string ByLine(std::string_view rule, std::string_view file, size_t line) {
  return "l\n" + std::string(rule) + "\n" + std::string(file) + "\n" + std::to_string(line);
}

}  // namespace

std::string FingerprintOf(const FileFinding& finding, const secrets::RuleSet& rules) {
  return finding.file + ":" + RuleOf(finding, rules).id + ":" +
         std::to_string(finding.finding.place.start_line);
}

std::string JsonReport(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                       Showing showing) {
  json::Writer out;
  out.BeginList();
  for (const FileFinding& finding : findings) {
    const secrets::Place& place = finding.finding.place;
    out.BeginObject()
        .Text("RuleID", RuleOf(finding, rules).id)
        .Text("Description", RuleOf(finding, rules).description)
        .Integer("StartLine", place.start_line)
        .Integer("EndLine", place.end_line)
        .Integer("StartColumn", place.start_column)
        .Integer("EndColumn", place.end_column)
        .Text("Match", MatchOf(finding, showing))
        .Text("Secret", SecretOf(finding, showing))
        .Text("File", finding.file)
        .Text("SymlinkFile", "")
        .Text("Commit", "");
    WriteNumber(out, "Entropy", finding.finding.entropy);
    out.Text("Author", "")
        .Text("Email", "")
        .Text("Date", "")
        .Text("Message", "")
        .Texts("Tags", TagsOf(finding, rules))
        .Text("Fingerprint", FingerprintOf(finding, rules))
        .EndObject();
  }
  out.EndList();
  return out.Take() + "\n";
}

std::string SarifReport(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                        Showing showing) {
  json::Writer out;
  out.BeginObject()
      .Text("$schema", "https://json.schemastore.org/sarif-2.1.0.json")
      .Text("version", "2.1.0")
      .BeginList("runs")
      .BeginObject();
  out.BeginObject("tool")
      .BeginObject("driver")
      .Text("name", "postern")
      .Text("version", kVersion)
      .BeginList("rules");
  for (const secrets::Rule& rule : rules.rules) {
    out.BeginObject().Text("id", rule.id);
    out.BeginObject("shortDescription").Text("text", rule.description.empty() ? rule.id : rule.description);
    out.EndObject().EndObject();
  }
  out.EndList().EndObject().EndObject();
  out.Text("columnKind", "unicodeCodePoints").BeginList("results");
  for (const FileFinding& finding : findings) {
    const secrets::Place& place = finding.finding.place;
    out.BeginObject()
        .Text("ruleId", RuleOf(finding, rules).id)
        .Integer("ruleIndex", finding.finding.rule)
        .Text("level", "error");
    out.BeginObject("message")
        .Text("text", RuleOf(finding, rules).id + " has found a secret in " + finding.file + ".")
        .EndObject();
    out.BeginList("locations").BeginObject().BeginObject("physicalLocation");
    out.BeginObject("artifactLocation").Text("uri", UriOf(finding.file)).EndObject();
    // A file that its name gives away has no line.
    if (place.start_line > 0) {
      out.BeginObject("region")
          .Integer("startLine", place.start_line)
          .Integer("startColumn", finding.start_character)
          .Integer("endLine", place.end_line)
          .Integer("endColumn", finding.end_character + 1);
      out.BeginObject("snippet").Text("text", SecretOf(finding, showing)).EndObject().EndObject();
    }
    out.EndObject().EndObject().EndList();
    out.BeginObject("partialFingerprints")
        .Text("posternFingerprint/v1", FingerprintOf(finding, rules))
        .EndObject();
    out.EndObject();
  }
  out.EndList().EndObject().EndList().EndObject();
  return out.Take() + "\n";
}

void PrintFindings(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                   std::ostream& out) {
  command_line::Table table({{"RULE"}, {"PLACE"}, {"SECRET"}, {"LENGTH", command_line::Align::kRight}});
  for (const FileFinding& finding : findings) {
    const std::string& secret = finding.finding.secret;
    const std::string shown =
        secret.size() < 4 * kShownOfSecret ? "…" : secret.substr(0, kShownOfSecret) + "…";
    const secrets::Place& place = finding.finding.place;
    const std::string line =
        ":" + std::to_string(place.start_line) + ":" + std::to_string(place.start_column);
    table.Add({RuleOf(finding, rules).id, finding.file + (place.start_line == 0 ? "" : line),
               secret.empty() ? "" : shown, std::to_string(secret.size())});
  }
  if (table.rows() > 0) table.Print(out);
}

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
    const bool redacted = secret == kRedacted || secret.ends_with("...");
    baseline.known_.insert(redacted ? ByLine(rule, file, static_cast<size_t>(line))
                                    : BySecret(rule, file, secret));
  }
  return baseline;
}

bool Baseline::Knows(const FileFinding& finding, const secrets::RuleSet& rules) const {
  const std::string& rule = RuleOf(finding, rules).id;
  return known_.contains(BySecret(rule, finding.file, finding.finding.secret)) ||
         known_.contains(ByLine(rule, finding.file, finding.finding.place.start_line));
}

}  // namespace postern::cli
