#include "shared/secrets/stream_scan.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "shared/secrets/linear_view.h"

namespace postern::secrets {
namespace {

constexpr size_t kContext = 1'024;  // before a run: what makes it a secret mostly stands there
constexpr size_t kOverlap = 8'192;  // of the parts of a long text
constexpr size_t kNone = std::numeric_limits<size_t>::max();

// Bytes of the text as it is read, and what goes on in their place.
struct Replacement {
  Span span;
  std::string text;
};

}  // namespace

// Two texts: the one that comes and goes on ("raw"), and the one that is read (stream_text.h), of which
// offsets are.
class StreamScan::Parts {
 public:
  explicit Parts(const StreamTerms& terms) : terms_(terms), text_(terms.form, kMostHeld) {}

  Result<std::string_view> Feed(std::string_view piece, Workspace& workspace);
  Result<std::string_view> Release(Workspace& workspace);
  Result<std::string_view> Finish(Workspace& workspace);
  size_t held() const { return pending_.size(); }
  const std::vector<StreamFinding>& findings() const { return findings_; }

 private:
  Status LookAt(size_t from, size_t hold_from, Workspace& workspace);
  void Replace(const Finding& finding, const Span& span);
  std::string_view GoOn(std::string_view raw, size_t hold_from, bool untouched);
  Result<std::vector<Finding>> ScanFrom(size_t begin, Workspace& workspace) const;
  Status ScanKept(size_t upto, Workspace& workspace);
  Status ScanNested(Workspace& workspace);

  const StreamTerms terms_;
  StreamText text_;
  size_t counted_ = 0;            // findings that begin before are in findings_
  std::string json_;              // the raw text of a JSON value, while it isn't too long
  std::string pending_;           // raw bytes that haven't gone on
  std::vector<Replacement> due_;  // of what goes on next
  std::vector<Span> replaced_;
  std::string out_;
  std::vector<StreamFinding> findings_;
};

Result<std::string_view> StreamScan::Parts::Feed(std::string_view piece, Workspace& workspace) {
  const bool alone = pending_.empty();
  if (!alone) pending_ += piece;
  const std::string_view raw = alone ? piece : std::string_view(pending_);
  if (terms_.form == StreamForm::kJson && json_.size() <= kMostKept) json_ += piece;
  text_.Read(piece, raw.size() - piece.size());
  const size_t hold_from = text_.HoldFrom();
  if (const auto ended = text_.TakeEnded()) RETURN_IF_ERROR(LookAt(*ended, hold_from, workspace));
  const std::string_view out = GoOn(raw, hold_from, alone);
  if (text_.end() - text_.begin() > kMostKept) RETURN_IF_ERROR(ScanKept(text_.end() - kOverlap, workspace));
  return out;
}

// Looks at what came since the run began that has ended, and at what stands before it.
Status StreamScan::Parts::LookAt(size_t from, size_t hold_from, Workspace& workspace) {
  if (!terms_.replace) return Ok{};
  const size_t begin = from - std::min(from - text_.begin(), kContext);
  ASSIGN_OR_RETURN(const auto findings, ScanFrom(begin, workspace));
  for (const Finding& finding : findings) {
    const Span span = finding.secret_span;
    // What is held still is looked at when its run ends.
    if (span.end <= text_.gone() || (hold_from < text_.end() && span.end > hold_from)) continue;
    Replace(finding, span);
  }
  return Ok{};
}

// Of secrets that overlap the first has its way, and takes the others' bytes along.
void StreamScan::Parts::Replace(const Finding& finding, const Span& span) {
  const Span rest{std::max(span.begin, text_.gone()), span.end};
  for (Replacement& other : due_) {
    if (!other.span.Overlaps(rest)) continue;
    other.span = {std::min(other.span.begin, rest.begin), std::max(other.span.end, rest.end)};
    replaced_.push_back(rest);
    return;
  }
  std::string text = terms_.replace(finding, text_.From(span.begin).substr(0, span.size()));
  if (text.empty()) return;
  due_.push_back({rest, std::move(text)});
  replaced_.push_back(rest);
}

// Lets go on what isn't held, with what is due replaced in it.
std::string_view StreamScan::Parts::GoOn(std::string_view raw, size_t hold_from, bool untouched) {
  size_t upto = raw.size();
  if (hold_from < text_.end()) {
    const auto from = text_.RawOf({hold_from, text_.end()}, raw.size());
    // A run whose first character has gone on in part is not held.
    from ? upto = from->begin : hold_from = text_.end();
  }
  std::sort(due_.begin(), due_.end(),
            [](const Replacement& a, const Replacement& b) { return a.span.begin < b.span.begin; });
  std::string_view out = raw.substr(0, upto);
  if (!due_.empty() || !untouched) {
    std::string replaced;
    size_t copied = 0;
    for (const Replacement& one : due_) {
      const auto span = text_.RawOf(one.span, raw.size());
      if (!span || span->begin < copied) continue;
      replaced += raw.substr(copied, span->begin - copied);
      replaced += one.text;
      copied = span->end;
    }
    replaced += raw.substr(copied, upto - copied);
    out_ = std::move(replaced);
    out = out_;
  }
  due_.clear();
  pending_ = std::string(raw.substr(upto));
  text_.GoOn(hold_from, upto);
  return out;
}

Result<std::string_view> StreamScan::Parts::Release(Workspace& workspace) {
  text_.End();
  if (const auto ended = text_.TakeEnded()) RETURN_IF_ERROR(LookAt(*ended, text_.end(), workspace));
  const std::string raw = std::move(pending_);
  return GoOn(raw, text_.end(), false);
}

Result<std::string_view> StreamScan::Parts::Finish(Workspace& workspace) {
  text_.End();
  if (const auto ended = text_.TakeEnded()) RETURN_IF_ERROR(LookAt(*ended, text_.end(), workspace));
  const std::string raw = std::move(pending_);
  const std::string_view out = GoOn(raw, text_.end(), false);
  RETURN_IF_ERROR(ScanKept(kNone, workspace));
  RETURN_IF_ERROR(ScanNested(workspace));
  return out;
}

// What is found in the text from there on; its places are the text's.
Result<std::vector<Finding>> StreamScan::Parts::ScanFrom(size_t begin, Workspace& workspace) const {
  Fragment fragment{.text = text_.From(begin), .literals = terms_.literals.get()};
  if (terms_.form == StreamForm::kJson) {
    fragment.value_from = [&](size_t at) -> std::optional<Span> {
      const auto value = text_.ValueFrom(begin + at);
      if (!value) return std::nullopt;
      return Span{std::max(value->begin, begin) - begin, value->end - begin};
    };
  }
  ASSIGN_OR_RETURN(auto findings, terms_.scanner.Scan(fragment, workspace, terms_.options));
  std::erase_if(findings, [](const Finding& finding) { return finding.covered; });
  for (Finding& finding : findings) {
    for (Span* span : {&finding.match, &finding.secret_span})
      *span = {span->begin + begin, span->end + begin};
  }
  return findings;
}

// Counts the findings that begin before `upto`, and forgets what no later one can need.
Status StreamScan::Parts::ScanKept(size_t upto, Workspace& workspace) {
  ASSIGN_OR_RETURN(auto findings, ScanFrom(text_.begin(), workspace));
  for (Finding& finding : findings) {
    if (finding.match.begin < counted_ || finding.match.begin >= upto) continue;
    const Span secret = finding.secret_span;
    const bool replaced = std::any_of(replaced_.begin(), replaced_.end(), [&](const Span& span) {
      return span.begin <= secret.begin + secret.size() / 2 && secret.end <= span.end;
    });
    findings_.push_back({.finding = std::move(finding), .replaced = replaced});
  }
  if (upto == kNone) return Ok{};
  counted_ = upto;
  text_.Forget(std::min(counted_ - kOverlap, text_.gone()));
  return Ok{};
}

// Strings of the JSON value that are JSON themselves are opened, as in a request; that can be done only at
// the end.
Status StreamScan::Parts::ScanNested(Workspace& workspace) {
  if (terms_.form != StreamForm::kJson || json_.size() > kMostKept) return Ok{};
  MappedText view;
  if (!LinearView(json_, view) || (text_.begin() == 0 && view.text() == text_.From(0))) return Ok{};
  const Fragment fragment{.text = view.text(),
                          .literals = terms_.literals.get(),
                          .value_from = [&](size_t at) { return view.ValueFrom(at); }};
  ASSIGN_OR_RETURN(auto findings, terms_.scanner.Scan(fragment, workspace, terms_.options));
  std::erase_if(findings, [](const Finding& finding) { return finding.covered; });
  for (Finding& finding : findings) {
    const bool is_there = std::any_of(findings_.begin(), findings_.end(), [&](const StreamFinding& known) {
      return known.finding.rule == finding.rule && known.finding.secret == finding.secret;
    });
    if (!is_there) findings_.push_back({.finding = std::move(finding), .replaced = false});
  }
  return Ok{};
}

StreamScan::StreamScan(const StreamTerms& terms) : parts_(std::make_unique<Parts>(terms)) {}
StreamScan::StreamScan(StreamScan&&) noexcept = default;
StreamScan& StreamScan::operator=(StreamScan&&) noexcept = default;
StreamScan::~StreamScan() = default;

Result<std::string_view> StreamScan::Feed(std::string_view piece, Workspace& workspace) {
  return parts_->Feed(piece, workspace);
}
Result<std::string_view> StreamScan::Release(Workspace& workspace) { return parts_->Release(workspace); }
Result<std::string_view> StreamScan::Finish(Workspace& workspace) { return parts_->Finish(workspace); }
size_t StreamScan::held() const { return parts_->held(); }
const std::vector<StreamFinding>& StreamScan::findings() const { return parts_->findings(); }

}  // namespace postern::secrets
