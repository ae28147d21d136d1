#include "shared/secrets/scanner.h"

#include <algorithm>

#include "shared/base/check.h"
#include "shared/secrets/compiled_rule.h"
#include "shared/secrets/decoding.h"
#include "shared/secrets/first_stage.h"
#include "shared/secrets/generic_findings.h"
#include "shared/secrets/pass.h"
#include "shared/secrets/remembered.h"
#include "shared/secrets/utf8.h"

namespace postern::secrets {

class Scanner::Parts {
 public:
  Parts(RuleSet rules, FirstStage first) : set(std::move(rules)), stage(std::move(first)) {}

  RuleSet set;
  CompiledRules compiled;  // speaks of `set`
  FirstStage stage;
  const std::shared_ptr<const void> identity = std::make_shared<char>();

  Status FindEnds(std::string_view text, const Decoded* decoded, Workspace::Parts& workspace) const;
};

struct Workspace::Parts {
  Scratch scratch;
  Hits hits;
  std::string utf8;
  MappedText view;
};

namespace {

// Of text that was decoded only what touches a decoded piece counts, so the first stage looks no further
// around one than matches are long: a private key of 4,096 bits, in PEM, takes 3,300 bytes.
constexpr size_t kAroundDecoded = 8'192;

Result<FirstStage> MakeStage(const std::vector<StageEntry>& entries, const DatabaseCache& cache) {
  const std::string key = FirstStage::Key(entries);
  if (cache.find) {
    if (const auto kept = cache.find(key)) {
      auto stage = FirstStage::Load(*kept);
      if (stage) return stage;
    }
  }
  ASSIGN_OR_RETURN(FirstStage stage, FirstStage::Compile(entries));
  if (cache.keep) cache.keep(key, stage.Serialised());
  return stage;
}

}  // namespace

Scanner::Scanner(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;
Scanner::~Scanner() = default;

const RuleSet& Scanner::rules() const { return parts_->set; }
const std::shared_ptr<const void>& Scanner::identity() const { return parts_->identity; }

Result<Scanner> Scanner::Make(RuleSet rules, const DatabaseCache& cache) {
  ASSIGN_OR_RETURN(FirstStage nothing, FirstStage::Compile({}));
  auto parts = std::make_unique<Parts>(std::move(rules), std::move(nothing));
  ASSIGN_OR_RETURN(parts->compiled, CompileRules(parts->set));
  ASSIGN_OR_RETURN(parts->stage, MakeStage(parts->compiled.entries, cache));
  return Scanner(std::move(parts));
}

Workspace::Workspace(const Scanner& scanner)
    : parts_(std::make_unique<Parts>(
          Parts{.scratch = {}, .hits = Hits(scanner.rules().rules.size()), .utf8 = {}, .view = {}})) {
  CHECK(scanner.parts_->stage.Prepare(parts_->scratch));
}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

const Calls& Workspace::calls() const { return parts_->hits.calls(); }
MappedText& Workspace::view() { return parts_->view; }

Status Scanner::Parts::FindEnds(std::string_view text, const Decoded* decoded,
                                Workspace::Parts& workspace) const {
  workspace.hits.Clear();
  if (HasFoldingCharacters(text)) {
    // Vectorscan reads bytes, and would not take these for the letters that RE2 takes them for.
    workspace.hits.Call(Calls().set());
    for (const StageEntry& entry : compiled.entries) {
      if (entry.runs != Runs::kElsewhere) workspace.hits.AddWholeText(entry.rule, text.size());
    }
  } else if (decoded == nullptr) {
    RETURN_IF_ERROR(stage.Scan(text, 0, workspace.scratch, workspace.hits));
  } else {
    for (const Span& region : decoded->FreshRegions(kAroundDecoded))
      RETURN_IF_ERROR(stage.Scan(In(text, region), region.begin, workspace.scratch, workspace.hits));
  }
  workspace.hits.Finish();
  return Ok{};
}

Span Scanner::ReachAround(std::string_view text, const Span& span, const Calls& calls, size_t most) const {
  const Span farthest{span.begin - std::min(span.begin, most), std::min(span.end + most, text.size())};
  const std::string_view near = In(text, farthest);
  if (parts_->compiled.has_companions || HasFoldingCharacters(near)) return farthest;
  Span reach{std::max(farthest.begin, span.begin - std::min(span.begin, kShort)),
             std::min(farthest.end, span.end + kShort)};
  const std::string_view known = text.substr(0, farthest.end);
  for (const CompiledRules::OnCall& one : parts_->compiled.long_ones) {
    if (!one.IsDue(calls)) continue;
    const Pattern& pattern = parts_->compiled.rules[one.rule].pattern;
    reach.begin = std::min(reach.begin, WalkBack(pattern, known, span.begin, farthest.begin));
    reach.end = std::max(reach.end, WalkForward(pattern, known, span.end));
  }
  return reach;
}

Status Scanner::ScanFirstStage(std::string_view text, Workspace& workspace) const {
  workspace.parts_->hits.Clear();
  workspace.parts_->hits.Call({});
  return parts_->stage.Scan(text, 0, workspace.parts_->scratch, workspace.parts_->hits);
}

Result<std::vector<Finding>> Scanner::Scan(const Fragment& fragment, Workspace& workspace,
                                           const ScanOptions& options) const {
  const CompiledRules& rules = parts_->compiled;
  std::vector<Finding> findings;
  for (const AllowMatch& list : rules.allow) {
    if (list.AllowsPlace(fragment.path, fragment.commit)) return findings;
  }
  Workspace::Parts& work = *workspace.parts_;
  work.hits.Call(fragment.calls);
  Budget budget(options.budget);
  Lines lines(fragment.text);
  std::string_view text = AsUtf8(fragment.text, work.utf8);
  std::string_view shown = fragment.text;
  Decoded decoded, next;
  const Decoded* current = nullptr;
  Remembered remembered(fragment.literals, parts_->set);
  ValueEnds ends;
  if (fragment.value_from) {
    ends = [&](size_t at) {
      const size_t origin = current == nullptr ? at : current->Origin({at - 1, at}).end;
      const auto value = fragment.value_from(origin - 1);
      return value && value->end == origin;
    };
  }
  for (int depth = 0;; ++depth) {
    RETURN_IF_ERROR(parts_->FindEnds(text, current, work));
    Pass pass({.rules = rules,
               .fragment = fragment,
               .text = text,
               .shown = shown,
               .decoded = current,
               .hits = work.hits,
               .lines = lines,
               .budget = budget});
    RETURN_IF_ERROR(pass.Run(findings));
    remembered.LookIn(shown, current);
    if (depth >= options.decode_depth || !Decoded::From(text, current, next, ends)) break;
    std::swap(decoded, next);
    current = &decoded;
    text = decoded.text();
    shown = text;
  }
  RETURN_IF_ERROR(DropGeneric(rules, budget, findings));
  remembered.AddTo(findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.match.begin < b.match.begin; });
  return findings;
}

}  // namespace postern::secrets
