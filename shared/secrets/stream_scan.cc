#include "shared/secrets/stream_scan.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "shared/secrets/json_escape.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/token_run.h"

namespace postern::secrets {
namespace {

constexpr size_t kContext = 1'024;  // before a run: what makes it a secret mostly stands there
constexpr size_t kOverlap = 8'192;  // of the parts of a long text
constexpr size_t kNone = std::numeric_limits<size_t>::max();
constexpr uint32_t kGone = std::numeric_limits<uint32_t>::max();

// Bytes of the text as it is read, and what goes on in their place.
struct Replacement {
  Span span;
  std::string text;
};

}  // namespace

// Two texts: the one that comes and goes on ("raw"), and the one that is read, in which JSON's escapes are
// undone. Offsets are those of what is read, from its beginning.
class StreamScan::Parts {
 public:
  explicit Parts(const StreamTerms& terms) : terms_(terms) {}

  Result<std::string_view> Feed(std::string_view piece, Workspace& workspace);
  std::string_view Release();
  Result<std::string_view> Finish(Workspace& workspace);
  size_t held() const { return pending_.size(); }
  const std::vector<StreamFinding>& findings() const { return findings_; }

 private:
  size_t end() const { return base_ + text_.size(); }
  void Read(std::string_view piece, size_t raw);
  void ReadJson(std::string_view piece, size_t raw);
  void Take(size_t at, char c);
  size_t HoldFrom();
  Status LookAt(size_t from, size_t hold_from, Workspace& workspace);
  void Replace(const Finding& finding, const Span& span);
  std::optional<Span> RawOf(const Span& span, size_t raw_size) const;
  std::string_view GoOn(std::string_view raw, size_t hold_from, bool untouched);
  Result<std::vector<Finding>> Scan(std::string_view text, Workspace& workspace) const;
  Status ScanKept(size_t upto, Workspace& workspace);
  Status ScanNested(Workspace& workspace);

  const StreamTerms terms_;
  std::string text_;  // read, from base_ on
  size_t base_ = 0;
  size_t counted_ = 0;  // findings that begin before are in findings_
  std::string json_;    // the raw text of a JSON value, while it isn't too long
  std::string escape_;  // that isn't complete
  TokenRun run_;        // at the end
  size_t run_begin_ = 0;
  size_t ended_ = kNone;          // where the first token-like run began that ended in this piece
  bool loose_ = false;            // the run at the end isn't held any more
  size_t gone_ = 0;               // read bytes that have gone on
  std::string pending_;           // raw bytes that haven't
  std::vector<uint32_t> raw_of_;  // of JSON: where in the raw bytes that go on next each read byte begins
  std::vector<Replacement> due_;  // of what goes on next
  std::vector<Span> replaced_;
  std::string out_;
  std::vector<StreamFinding> findings_;
};

void StreamScan::Parts::Take(size_t at, char c) {
  if (run_.Take(c)) return;
  if (run_.LooksLikeToken()) ended_ = std::min(ended_, run_begin_);
  run_.Clear();
  run_begin_ = at + 1;
  loose_ = false;
}

void StreamScan::Parts::Read(std::string_view piece, size_t raw) {
  if (terms_.form == StreamForm::kJson) {
    ReadJson(piece, raw);
    return;
  }
  size_t at = end();
  text_ += piece;
  for (const char c : piece) Take(at++, c);
}

void StreamScan::Parts::ReadJson(std::string_view piece, size_t raw) {
  if (json_.size() <= kMostKept) json_ += piece;
  const auto add = [&](std::string_view bytes, uint32_t from) {
    for (const char c : bytes) {
      raw_of_.push_back(from);
      Take(end(), c);
      text_ += c;
    }
  };
  for (size_t i = 0; i < piece.size(); ++i) {
    if (escape_.empty() && piece[i] != '\\') {
      add(piece.substr(i, 1), static_cast<uint32_t>(raw + i));
      continue;
    }
    escape_ += piece[i];
    // A pair's first half waits for the other.
    char character[4];
    const JsonEscape escape = ReadJsonEscape(escape_, character);
    const bool is_broken =
        escape_.size() > 1 && escape.length == 0 && (escape_[1] != 'u' || escape_.size() >= 6);
    if (escape.length == 0 && !is_broken) continue;
    const size_t before = raw + i + 1 - escape_.size();
    const bool begun_before = raw + i + 1 < escape_.size();
    add(is_broken ? std::string_view(escape_) : std::string_view(character, escape.bytes),
        begun_before ? kGone : static_cast<uint32_t>(before));
    escape_.clear();
  }
}

// From where on what was read is held.
size_t StreamScan::Parts::HoldFrom() {
  if (loose_ || !run_.LooksLikeToken()) return end();
  const size_t from = std::max(run_begin_, gone_);
  if (end() - from <= kMostHeld) return from;
  ended_ = std::min(ended_, run_begin_);
  loose_ = true;
  return end();
}

Result<std::string_view> StreamScan::Parts::Feed(std::string_view piece, Workspace& workspace) {
  const bool alone = pending_.empty();
  if (!alone) pending_ += piece;
  const std::string_view raw = alone ? piece : std::string_view(pending_);
  Read(piece, raw.size() - piece.size());
  const size_t hold_from = HoldFrom();
  if (ended_ != kNone) RETURN_IF_ERROR(LookAt(ended_, hold_from, workspace));
  const std::string_view out = GoOn(raw, hold_from, alone);
  if (text_.size() > kMostKept) RETURN_IF_ERROR(ScanKept(end() - kOverlap, workspace));
  return out;
}

// Looks at what came since the run began that has ended, and at what stands before it.
Status StreamScan::Parts::LookAt(size_t from, size_t hold_from, Workspace& workspace) {
  ended_ = kNone;
  if (!terms_.replace) return Ok{};
  const size_t begin = from - std::min(from - base_, kContext);
  const std::string_view window = std::string_view(text_).substr(begin - base_);
  ASSIGN_OR_RETURN(const auto findings, Scan(window, workspace));
  for (const Finding& finding : findings) {
    const Span span{finding.secret_span.begin + begin, finding.secret_span.end + begin};
    // What is held still is looked at when its run ends.
    if (span.end <= gone_ || (hold_from < end() && span.end > hold_from)) continue;
    Replace(finding, span);
  }
  return Ok{};
}

// Of secrets that overlap the first has its way, and takes the others' bytes along.
void StreamScan::Parts::Replace(const Finding& finding, const Span& span) {
  const Span rest{std::max(span.begin, gone_), span.end};
  for (Replacement& other : due_) {
    if (!other.span.Overlaps(rest)) continue;
    other.span = {std::min(other.span.begin, rest.begin), std::max(other.span.end, rest.end)};
    replaced_.push_back({std::max(span.begin, gone_), span.end});
    return;
  }
  std::string text = terms_.replace(finding, std::string_view(text_).substr(span.begin - base_, span.size()));
  if (text.empty()) return;
  due_.push_back({rest, std::move(text)});
  replaced_.push_back(rest);
}

// Nothing where the beginning is an escape of which a part has gone on.
std::optional<Span> StreamScan::Parts::RawOf(const Span& span, size_t raw_size) const {
  if (terms_.form == StreamForm::kText) {
    const size_t behind = end() - span.end;
    return Span{raw_size - behind - span.size(), raw_size - behind};
  }
  const uint32_t begin = raw_of_[span.begin - gone_];
  if (begin == kGone) return std::nullopt;
  const size_t at = span.end - gone_;
  return Span{begin, at < raw_of_.size() ? raw_of_[at] : raw_size - escape_.size()};
}

// Lets go on what isn't held, with what is due replaced in it.
std::string_view StreamScan::Parts::GoOn(std::string_view raw, size_t hold_from, bool untouched) {
  size_t upto = raw.size();
  if (hold_from < end()) {
    const auto from = RawOf({hold_from, end()}, raw.size());
    // A run whose first character has gone on in part is not held.
    from ? upto = from->begin : hold_from = end();
  }
  std::sort(due_.begin(), due_.end(),
            [](const Replacement& a, const Replacement& b) { return a.span.begin < b.span.begin; });
  std::string_view out = raw.substr(0, upto);
  if (!due_.empty() || !untouched) {
    std::string replaced;
    size_t copied = 0;
    for (const Replacement& one : due_) {
      const auto span = RawOf(one.span, raw.size());
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
  if (terms_.form == StreamForm::kJson) {
    raw_of_.erase(raw_of_.begin(), raw_of_.begin() + static_cast<std::ptrdiff_t>(hold_from - gone_));
    for (uint32_t& at : raw_of_) at -= static_cast<uint32_t>(upto);
  }
  gone_ = hold_from;
  return out;
}

std::string_view StreamScan::Parts::Release() {
  loose_ = true;
  out_ = std::move(pending_);
  pending_.clear();
  raw_of_.clear();
  gone_ = end();
  return out_;
}

Result<std::string_view> StreamScan::Parts::Finish(Workspace& workspace) {
  if (run_.LooksLikeToken()) ended_ = std::min(ended_, run_begin_);
  if (ended_ != kNone) RETURN_IF_ERROR(LookAt(ended_, end(), workspace));
  const std::string raw = std::move(pending_);
  const std::string_view out = GoOn(raw, end(), false);
  RETURN_IF_ERROR(ScanKept(kNone, workspace));
  RETURN_IF_ERROR(ScanNested(workspace));
  return out;
}

Result<std::vector<Finding>> StreamScan::Parts::Scan(std::string_view text, Workspace& workspace) const {
  return terms_.scanner.Scan({.text = text, .literals = terms_.literals.get()}, workspace, terms_.options);
}

// Counts the findings that begin before `upto`, and forgets what no later one can need.
Status StreamScan::Parts::ScanKept(size_t upto, Workspace& workspace) {
  ASSIGN_OR_RETURN(auto findings, Scan(text_, workspace));
  for (Finding& finding : findings) {
    for (Span* span : {&finding.match, &finding.secret_span})
      *span = {span->begin + base_, span->end + base_};
    if (finding.match.begin < counted_ || finding.match.begin >= upto) continue;
    const Span secret = finding.secret_span;
    const bool replaced = std::any_of(replaced_.begin(), replaced_.end(), [&](const Span& span) {
      return span.begin <= secret.begin + secret.size() / 2 && secret.end <= span.end;
    });
    findings_.push_back({.finding = std::move(finding), .replaced = replaced});
  }
  if (upto == kNone) return Ok{};
  counted_ = upto;
  const size_t keep_from = std::min(counted_ - kOverlap, gone_);
  text_.erase(0, keep_from - base_);
  base_ = keep_from;
  return Ok{};
}

// Strings of the JSON value that are JSON themselves are opened, as in a request; that can be done only at
// the end.
Status StreamScan::Parts::ScanNested(Workspace& workspace) {
  if (terms_.form != StreamForm::kJson || json_.size() > kMostKept) return Ok{};
  MappedText view;
  if (!LinearView(json_, view) || view.text() == text_) return Ok{};
  ASSIGN_OR_RETURN(auto findings, Scan(view.text(), workspace));
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
std::string_view StreamScan::Release() { return parts_->Release(); }
Result<std::string_view> StreamScan::Finish(Workspace& workspace) { return parts_->Finish(workspace); }
size_t StreamScan::held() const { return parts_->held(); }
const std::vector<StreamFinding>& StreamScan::findings() const { return parts_->findings(); }

}  // namespace postern::secrets
