#include "collector/cli/scan_report.h"

#include <cstdio>

#include "shared/base/version.h"
#include "shared/command_line/table.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"

namespace postern::cli {
namespace {

constexpr size_t kShownOfSecret = 4;

const secrets::Rule& RuleOf(const FileFinding& finding, const secrets::RuleSet& rules) {
  return rules.rules[finding.finding.rule];
}

std::string Replaced(std::string text, std::string_view what) {
  if (what.empty()) return text;
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + kInPlaceOfSecret.size()))
    text.replace(at, what.size(), kInPlaceOfSecret);
  return text;
}

std::string SecretOf(const FileFinding& finding, Showing showing) {
  const std::string& secret = finding.finding.secret;
  return showing == Showing::kSecrets || secret.empty() ? secret : std::string(kInPlaceOfSecret);
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

// A path as a URI or a relative reference (RFC 3986 §4.2, RFC 8089).
std::string UriOf(std::string_view path) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string uri = path.starts_with('/') ? "file://" : "";
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

// A text as a SARIF message, in which brackets and braces would be links and places to fill (§3.11.5,
// §3.11.6).
std::string MessageOf(std::string_view text) {
  std::string message;
  for (const char c : text) {
    if (c == '{' || c == '}') message += c;
    if (c == '[' || c == ']' || c == '\\') message += '\\';
    message += c;
  }
  return message;
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

namespace {

// Whether all files were scanned, and which weren't (§3.20).
void WriteInvocation(const std::vector<std::string>& failures, json::Writer& out) {
  out.BeginList("invocations").BeginObject().Boolean("executionSuccessful", failures.empty());
  out.BeginList("toolExecutionNotifications");
  for (const std::string& failure : failures) {
    out.BeginObject().Text("level", "error");
    out.BeginObject("message").Text("text", MessageOf(failure)).EndObject().EndObject();
  }
  out.EndList().EndObject().EndList();
}

}  // namespace

std::string SarifReport(const ScanResults& results, const secrets::RuleSet& rules, Showing showing) {
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
    out.BeginObject("shortDescription")
        .Text("text", MessageOf(rule.description.empty() ? rule.id : rule.description));
    out.EndObject().EndObject();
  }
  out.EndList().EndObject().EndObject();
  WriteInvocation(results.failures, out);
  out.Text("columnKind", "unicodeCodePoints").BeginList("results");
  for (const FileFinding& finding : results.findings) {
    const secrets::Place& place = finding.finding.place;
    out.BeginObject()
        .Text("ruleId", RuleOf(finding, rules).id)
        .Integer("ruleIndex", finding.finding.rule)
        .Text("level", "error");
    out.BeginObject("message")
        .Text("text", MessageOf(RuleOf(finding, rules).id + " has found a secret in " + finding.file + "."))
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
      // The region's text, which what was decoded isn't.
      if (finding.finding.encodings == 0)
        out.BeginObject("snippet").Text("text", MatchOf(finding, showing)).EndObject();
      out.EndObject();
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

}  // namespace postern::cli
