#include "collector/cli/scan.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "collector/cli/output.h"
#include "collector/cli/policy_file.h"
#include "collector/cli/rule_cache.h"
#include "collector/cli/scan_files.h"
#include "collector/cli/scan_known.h"
#include "collector/cli/scan_progress.h"
#include "collector/cli/scan_report.h"
#include "collector/cli/scan_run.h"
#include "shared/command_line/table.h"
#include "shared/json/writer.h"
#include "shared/secrets/built_in.h"
#include "shared/secrets/rule_file.h"
#include "shared/secrets/samples.h"

namespace postern::cli {
namespace {

Error Invalid(std::string message) { return Error{ErrorCode::kInvalid, std::move(message)}; }

Result<secrets::RuleSet> RulesFor(const Invocation& call) {
  const auto file = call.arguments.Value("config");
  if (!file) return secrets::BuiltInRules();
  const secrets::RuleSources sources{
      .read =
          [&](const std::string& path) {
            // Beside the file that was named; or, as Gitleaks does, seen from where the program runs.
            const std::filesystem::path beside = std::filesystem::path(*file).parent_path() / path;
            std::error_code error;
            return ReadText(call, std::filesystem::exists(beside, error) ? beside.string() : path);
          },
      .built_in = secrets::BuiltInText()};
  ASSIGN_OR_RETURN(const std::string text, ReadText(call, *file));
  return secrets::ReadRules(text, *file, sources);
}

std::string FormatOf(const Invocation& call) {
  return call.arguments.Has("json") ? "json" : call.arguments.ValueOr("format", "table");
}

int SelfTest(const Invocation& call, const secrets::Scanner& scanner) {
  const secrets::Proof proof = secrets::Prove(scanner);
  if (FormatOf(call) == "json") {
    json::Writer out;
    out.BeginObject()
        .Integer("rules", proof.rules)
        .Integer("true_samples", proof.true_samples)
        .Integer("false_samples", proof.false_samples)
        .Texts("failures", proof.failures)
        .EndObject();
    call.out << out.Take() << '\n';
  } else {
    for (const std::string& failure : proof.failures) call.out << failure << '\n';
    call.out << proof.rules << " rules, " << proof.true_samples << " true and " << proof.false_samples
             << " false samples: " << (proof.failures.empty() ? "all hold" : "some don't hold") << ".\n";
  }
  return proof.failures.empty() ? command_line::kDone : command_line::kRefused;
}

// Where the findings are written: --report's file, or standard output. Thread-compatible.
class Report {
 public:
  // Before the scan, so that nobody waits for a report that can't be written; nothing is written yet.
  static Result<Report> Open(const Invocation& call) {
    const auto file = call.arguments.Value("report");
    if (!file) return Report(call, "");
    std::error_code error;
    const bool is_there = std::filesystem::exists(*file, error);
    const std::string parent = std::filesystem::path(*file).parent_path().string();
    if (is_there ? access(file->c_str(), W_OK) != 0 || std::filesystem::is_directory(*file, error)
                 : access(parent.empty() ? "." : parent.c_str(), W_OK | X_OK) != 0)
      return Unwritable(*file);
    return Report(call, *file);
  }

  Status Write(const ScanResults& results, const secrets::RuleSet& rules) const {
    if (file_.empty()) {
      WriteTo(call_.out, results, rules);
      if (!call_.out.flush()) return Invalid("the report can't be written to standard output");
      return Ok{};
    }
    // It may hold secrets: for its owner alone. Another kind of file (/dev/stderr, a pipe) stays as it is.
    const int made = open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made >= 0) close(made);
    std::error_code error;
    if (std::filesystem::is_regular_file(file_, error)) {
      std::filesystem::permissions(
          file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
    }
    std::ofstream out(file_, std::ios::binary);
    WriteTo(out, results, rules);
    if (!out.flush()) return Unwritable(file_);
    return Ok{};
  }

 private:
  Report(const Invocation& call, std::string file) : call_(call), file_(std::move(file)) {}
  static Error Unwritable(const std::string& file) {
    return Invalid("--report: " + file + " can't be written");
  }

  void WriteTo(std::ostream& out, const ScanResults& results, const secrets::RuleSet& rules) const {
    const std::string format = FormatOf(call_);
    const Showing showing = call_.arguments.Has("redact") ? Showing::kRedacted : Showing::kSecrets;
    if (format == "json") {
      out << JsonReport(results.findings, rules, showing);
    } else if (format == "sarif") {
      out << SarifReport(results, rules, showing);
    } else {
      PrintFindings(results.findings, rules, out);
    }
  }

  const Invocation& call_;
  std::string file_;  // empty: standard output
};

// The rules, an earlier report and this one's place hold what would be found again: in trees they are passed
// over, as Gitleaks does. What is named itself is read.
void LeaveOutOwn(const Invocation& call, std::vector<std::string>& files) {
  const std::vector<std::string>& named = call.arguments.words();
  for (const char* option : {"config", "baseline", "report"}) {
    const auto own = call.arguments.Value(option);
    if (!own) continue;
    std::erase_if(files, [&](const std::string& file) {
      std::error_code error;
      return std::filesystem::path(file).filename() == std::filesystem::path(*own).filename() &&
             std::find(named.begin(), named.end(), file) == named.end() &&
             std::filesystem::equivalent(file, *own, error);
    });
  }
}

Result<ScanResults> ScanAll(const Invocation& call, const secrets::Scanner& scanner, Progress& progress) {
  const Ignoring ignoring = call.arguments.Has("no-gitignore") ? Ignoring::kNothing : Ignoring::kAsGitDoes;
  ASSIGN_OR_RETURN(auto files, FilesToScan(call.arguments.words(), ignoring));
  LeaveOutOwn(call, files);
  ASSIGN_OR_RETURN(const auto depth, call.arguments.Number("decode-depth", 0, 20));
  std::optional<Baseline> baseline;
  if (const auto file = call.arguments.Value("baseline")) {
    ASSIGN_OR_RETURN(const std::string text, ReadText(call, *file));
    auto parsed = Baseline::Parse(text);
    if (!parsed) return Invalid("--baseline: " + *file + ": " + parsed.error().message);
    baseline = *std::move(parsed);
  }
  secrets::ScanOptions options;
  // Nobody else waits for this, so that it may take as long as the text makes it.
  options.budget = std::numeric_limits<size_t>::max();
  if (depth) options.decode_depth = static_cast<int>(*depth);
  ScanResults results = ScanFiles(
      scanner, {.files = files,
                .in = call.in,
                .threads = std::max(1u, std::thread::hardware_concurrency()),
                .options = options,
                .sizes = {},
                .progress = [&](size_t done, size_t bytes) { progress.Show(done, files.size(), bytes); }});
  if (baseline) {
    std::erase_if(results.findings,
                  [&](const FileFinding& finding) { return baseline->Knows(finding, scanner.rules()); });
  }
  if (!call.arguments.Has("no-gitleaksignore")) {
    const IgnoredFindings ignored = IgnoredAround(call.arguments.words());
    const size_t left_out = std::erase_if(
        results.findings, [&](const FileFinding& finding) { return ignored.Has(finding, scanner.rules()); });
    // Said, since a tree that is looked at may be a stranger's.
    if (left_out > 0) call.err << left_out << " left out, which .gitleaksignore names.\n";
  }
  return results;
}

// "3 secrets in 2 files, 71 bytes."
void SaySum(const Invocation& call, const ScanResults& results) {
  for (const std::string& failure : results.failures)
    call.err << "postern scan: " << command_line::Harmless(failure) << '\n';
  const size_t count = results.findings.size();
  call.err << (count == 0   ? "No secrets"
               : count == 1 ? "1 secret"
                            : std::to_string(count) + " secrets")
           << " in " << results.files << (results.files == 1 ? " file, " : " files, ") << results.bytes
           << " bytes.\n";
}

int Scan(const Invocation& call) {
  auto rules = RulesFor(call);
  if (!rules) return call.Fail(rules.error());
  std::optional<Progress> progress(std::in_place, call.err);
  // Rules that are compiled for the first time take seconds.
  progress->Say("Compiling the rules…");
  const auto scanner = secrets::Scanner::Make(*std::move(rules), RuleCache());
  const auto fail = [&](const Error& error) {
    progress.reset();
    return call.Fail(error);
  };
  if (!scanner) return fail(scanner.error());
  if (call.arguments.Has("self-test")) {
    progress.reset();
    return SelfTest(call, *scanner);
  }
  if (call.word_count() == 0) return fail(Invalid("name a file, a directory, or - for standard input"));
  const auto report = Report::Open(call);
  if (!report) return fail(report.error());
  const auto results = ScanAll(call, *scanner, *progress);
  progress.reset();
  if (!results) return call.Fail(results.error());
  if (const Status written = report->Write(*results, scanner->rules()); !written)
    return call.Fail(written.error());
  SaySum(call, *results);
  // What could not be scanned is not known to be clean.
  return results->findings.empty() && results->failures.empty() ? command_line::kDone
                                                                : command_line::kRefused;
}

constexpr std::string_view kDetails =
    R"(It reads files, trees, and standard input for "-", and says where credentials are: by the project's own rules, or by any file in Gitleaks' format. In trees it passes over what .gitignore files name, over .git, over symbolic links, and over the files of --config, --baseline and --report; a file that is named itself is always read. Of programs, archives, pictures and the like only the name is judged; UTF-16 is read as text if its mark says so. Long files are read in pieces of 64 MB.

Text that is encoded (percent signs, \u escapes, hexadecimal, base 64) is decoded and scanned again, also within each other. A comment such as gitleaks:allow has no effect; what is to be passed over belongs into an allow-list of the rules, a baseline, or, by its fingerprint, into a .gitleaksignore where the program runs or in a directory that is named.

--format json is Gitleaks' report, --format sarif is SARIF 2.1.0. Both hold the secrets unless --redact is given; the table never shows more than their beginning.

It exits 0 where nothing was found, 1 where something was or a file could not be read, 2 where the command line or the rules are wrong.)";

}  // namespace

std::vector<command_line::Command> ScanCommands() {
  using command_line::Completes;
  return {
      {.name = "scan",
       .words = "[PATH…]",
       .sentence = "Finds secrets in files and trees. It needs no collector.",
       .details = kDetails,
       .options = {{.name = "config",
                    .value = "FILE",
                    .sentence = "Rules in Gitleaks' format, instead of the built-in ones.",
                    .completes = Completes::kFiles},
                   {.name = "format",
                    .value = "FORMAT",
                    .sentence = "How the findings are written; table unless given.",
                    .choices = {"table", "json", "sarif"}},
                   {.name = "report",
                    .value = "FILE",
                    .sentence = "Where they are written, instead of standard output.",
                    .completes = Completes::kFiles},
                   {.name = "baseline",
                    .value = "FILE",
                    .sentence = "An earlier report in JSON; what is in it is not reported again.",
                    .completes = Completes::kFiles},
                   {.name = "redact", .sentence = "Writes REDACTED where reports would hold a secret."},
                   {.name = "no-gitignore", .sentence = "Scans what .gitignore files name, too."},
                   {.name = "no-gitleaksignore", .sentence = "Reports what .gitleaksignore files name, too."},
                   {.name = "decode-depth",
                    .value = "N",
                    .sentence = "How often what was decoded is decoded again; 5 unless given, 0 for never."},
                   {.name = "self-test",
                    .sentence = "Scans nothing, but holds every rule against the samples beside it."},
                   {.name = "json", .sentence = "The same as --format json."}},
       .run = Scan}};
}

}  // namespace postern::cli
