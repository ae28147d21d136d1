// Finding secrets in a text, by rules in Gitleaks' format, as Gitleaks decides and several hundred times as
// fast.
//
// Vectorscan tells for all rules at once where a match could end (first_stage.h). For each such place RE2
// looks for the match within what it can reach (pattern.h), which gives exactly the matches that RE2 would
// find in the whole text. Then: what of it is secret, its entropy, allow-lists, required rules, and decoded
// text again. `gitleaks:allow` in a text has no effect: what is to be scanned must not switch the scanner
// off.
//
// It fails closed: where the budget of a call is spent there is no answer but an error.
//
//   ASSIGN_OR_RETURN(const Scanner scanner, Scanner::Make(rules, {}));
//   Workspace workspace(scanner);                     // one a thread
//   ASSIGN_OR_RETURN(const auto findings, scanner.Scan({.text = text}, workspace, {}));
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/finding.h"
#include "shared/secrets/first_stage.h"
#include "shared/secrets/literals.h"
#include "shared/secrets/mapped_text.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

// A text and where it comes from, which rules and allow-lists may speak of.
struct Fragment {
  std::string_view text;  // shorter than 4 GB; may hold anything, rules read UTF-8
  std::string_view path{};
  std::string_view commit{};
  // Of a text that is part of another: that one, in which keywords count, too; and what earlier scans of it
  // called for (Workspace).
  std::string_view around{};
  Calls calls{};
  // Secrets that are looked for as they are, in what is decoded, too; none: there are none.
  const Literals* literals = nullptr;
  // Of a text that is made of values, as the view of a JSON text is (none otherwise): the first value that
  // ends behind this byte. A secret ends where its value does, and a value begins and ends as a text does;
  // what is secret over several of them is found only where no value has it alone.
  std::function<std::optional<Span>(size_t at)> value_from{};
};

struct ScanOptions {
  int decode_depth = 5;  // passes over text that was decoded; 0: none
  // Bytes that the second stage may read, and some for each thing it does. An honest text needs a small part
  // of its own length; a hostile one (megabytes of "key=") could make it read every byte slowly.
  size_t budget = 64 << 20;
};

// Where compiled databases are kept, for whoever can keep something. Both may be empty.
struct DatabaseCache {
  std::function<std::optional<std::string>(const std::string& key)> find{};
  std::function<void(const std::string& key, std::string_view bytes)> keep{};
};

class Workspace;

// Thread-safe.
class Scanner {
 public:
  // Takes seconds unless the cache has the databases: for these rules, this library and this processor.
  // kInvalid, with file and line, where an expression is wrong.
  static Result<Scanner> Make(RuleSet rules, const DatabaseCache& cache);

  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;
  ~Scanner();

  const RuleSet& rules() const;
  // Tells this scanner from every other, for as long as somebody holds it.
  const std::shared_ptr<const void>& identity() const;

  // In the order of the text. kExhausted when the budget is spent, kUnavailable when there is no memory:
  // nothing is known of the text then, and it must not be taken for clean.
  Result<std::vector<Finding>> Scan(const Fragment& fragment, Workspace& workspace,
                                    const ScanOptions& options) const;

  // The bytes of this text in which a match can lie that touches these ones, if the keywords of all that it
  // stands in call for no more than this; at most `most` on either side. What decides about a match without
  // being part of it, such as its line, may lie beyond.
  Span ReachAround(std::string_view text, const Span& span, const Calls& calls, size_t most) const;

  // The first stage alone: how fast it could be. For benchmarks.
  Status ScanFirstStage(std::string_view text, Workspace& workspace) const;

 private:
  friend class Workspace;
  class Parts;
  explicit Scanner(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

// What a scan needs besides the rules, reused from text to text. It belongs to one thread and one scanner.
class Workspace {
 public:
  explicit Workspace(const Scanner& scanner);
  Workspace(Workspace&&) noexcept;
  ~Workspace();

  // What the keywords of the last scan's text called for, with what its fragment did.
  const Calls& calls() const;
  // Memory for a view, for whoever makes one.
  MappedText& view();

 private:
  friend class Scanner;
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace postern::secrets
