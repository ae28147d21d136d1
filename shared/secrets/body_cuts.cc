#include "shared/secrets/body_cuts.h"

#include <algorithm>
#include <string>
#include <utility>

#include "shared/secrets/json_escape.h"

namespace postern::secrets {
namespace {

// A cut and the findings that it takes out, by their places.
struct Cut {
  BodyCut bytes;
  std::vector<size_t> findings;
};

// Those of what was found now, one where several overlap.
void AddNew(const std::vector<FoundInBody>& found, std::string_view body, const MappedText& view,
            std::vector<Cut>& cuts) {
  std::vector<size_t> in_order;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].in_view) in_order.push_back(i);
  }
  std::sort(in_order.begin(), in_order.end(), [&](size_t a, size_t b) {
    return std::pair(found[a].in_view->begin, found[a].in_view->end) <
           std::pair(found[b].in_view->begin, found[b].in_view->end);
  });
  std::vector<std::pair<Span, std::vector<size_t>>> merged;
  for (const size_t i : in_order) {
    const Span& span = *found[i].in_view;
    if (!merged.empty() && span.begin < merged.back().first.end) {
      merged.back().first.end = std::max(merged.back().first.end, span.end);
      merged.back().second.push_back(i);
    } else {
      merged.push_back({span, {i}});
    }
  }
  for (auto& [span, findings] : merged) {
    const Span raw = view.Raw(span);
    // What needs no escape is the same at any depth, however it is written.
    const std::string_view value = In(view.text(), span);
    const bool is_plain = PlainPrefix(value) == value.size();
    cuts.push_back({{.raw = raw, .original = is_plain ? std::string(value) : Unescaped(In(body, raw))},
                    std::move(findings)});
  }
}

void AddKnown(const std::vector<FoundInBody>& found, const KnownBody& before, std::vector<Cut>& cuts) {
  std::vector<std::vector<size_t>> findings(before.cuts.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i].finding.known && found[i].finding.cut) findings[*found[i].finding.cut].push_back(i);
  }
  for (size_t i = 0; i < findings.size(); ++i) {
    const KnownCut& cut = before.cuts[i];
    if (!findings[i].empty())
      cuts.push_back({{.raw = cut.raw, .original = std::string(In(before.secrets.view(), cut.original))},
                      std::move(findings[i])});
  }
}

}  // namespace

bool MakeCuts(std::vector<FoundInBody>& found, std::string_view body, const MappedText& view,
              const KnownBody* before, std::vector<BodyCut>& cuts) {
  std::vector<Cut> all;
  AddNew(found, body, view, all);
  if (before != nullptr) AddKnown(found, *before, all);
  // By their beginnings, of two that begin in one place the longer one first.
  std::sort(all.begin(), all.end(), [](const Cut& a, const Cut& b) {
    return std::pair(a.bytes.raw.begin, b.bytes.raw.end) < std::pair(b.bytes.raw.begin, a.bytes.raw.end);
  });
  bool fits = true;
  for (Cut& cut : all) {
    const bool meets = !cuts.empty() && cut.bytes.raw.begin < cuts.back().raw.end;
    if (meets && cut.bytes.raw.end > cuts.back().raw.end) {
      fits = false;
      continue;
    }
    if (!meets) cuts.push_back(std::move(cut.bytes));
    for (const size_t i : cut.findings) found[i].finding.cut = cuts.size() - 1;
  }
  return fits;
}

}  // namespace postern::secrets
