#include "shared/secrets/literals.h"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "shared/secrets/finding.h"
#include "shared/secrets/literal_forms.h"

namespace postern::secrets {
namespace {

constexpr size_t kShortest = 12;
constexpr size_t kLongWithoutDigits = 20;
constexpr double kLeastEntropy = 2.5;  // bits a character
constexpr size_t kPieceBytes = 4;
constexpr size_t kMarkBits = 15;
constexpr size_t kMostApart = 32;  // between two places that are looked at

uint32_t PieceOf(const char* bytes) {
  uint32_t piece = 0;
  std::memcpy(&piece, bytes, sizeof piece);
  return piece;
}

size_t MarkOf(uint32_t piece) { return piece * uint32_t{2'654'435'761} >> (32 - kMarkBits); }

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool IsWorthRemembering(std::string_view secret) {
  if (secret.size() < kShortest || secret.size() > Literals::kLongest) return false;
  const bool mixed = std::any_of(secret.begin(), secret.end(), IsLetter) &&
                     std::any_of(secret.begin(), secret.end(), IsDigit);
  return (mixed || secret.size() >= kLongWithoutDigits) && Entropy(secret) >= kLeastEntropy;
}

Result<std::shared_ptr<const Literals::Entry>> Literals::Locked(std::string_view secret,
                                                                std::string_view rule) {
  auto entry = std::make_shared<Entry>();
  entry->rule = rule;
  std::string all;
  for (const std::string& form : FormsOf(secret)) {
    if (!IsWorthRemembering(form)) continue;  // the secret itself is
    entry->forms.push_back({all.size(), all.size() + form.size()});
    all += form;
  }
  ASSIGN_OR_RETURN(entry->text,
                   crypto::LockedSecret::Make(all.size(), [&](std::span<char> out) -> Result<size_t> {
                     std::copy(all.begin(), all.end(), out.begin());
                     return all.size();
                   }));
  return std::shared_ptr<const Entry>(std::move(entry));
}

Result<std::shared_ptr<const Literals>> Literals::With(std::shared_ptr<const Literals> before,
                                                       std::string_view secret, std::string_view rule) {
  if (!IsWorthRemembering(secret) || (before != nullptr && before->Holds(secret))) return before;
  ASSIGN_OR_RETURN(auto entry, Locked(secret, rule));
  auto after = std::make_shared<Literals>();
  if (before != nullptr) after->entries_ = before->entries_;
  after->entries_.push_back(std::move(entry));
  size_t bytes = 0;
  for (const auto& kept : after->entries_) bytes += kept->text.view().size();
  while (after->entries_.size() > kMost || bytes > kMostBytes) {
    bytes -= after->entries_.front()->text.view().size();
    after->entries_.erase(after->entries_.begin());
  }
  after->Index();
  return std::shared_ptr<const Literals>(std::move(after));
}

bool Literals::Holds(std::string_view secret) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [secret](const auto& entry) { return entry->form(0) == secret; });
}

// Looking at every apart_-th place, some piece of each occurrence is met that begins in one of the first
// apart_ places of the literal.
void Literals::Index() {
  size_t shortest = kMostApart + kPieceBytes - 1;
  forms_.clear();
  longest_ = 0;
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    for (size_t form = 0; form < entries_[i]->forms.size(); ++form) {
      forms_.push_back({.text = entries_[i]->form(form), .literal = i});
      shortest = std::min(shortest, forms_.back().text.size());
      longest_ = std::max(longest_, forms_.back().text.size());
    }
  }
  apart_ = shortest - kPieceBytes + 1;
  marks_.assign((size_t{1} << kMarkBits) / 64, 0);
  pieces_.clear();
  for (uint32_t i = 0; i < forms_.size(); ++i) {
    for (uint32_t offset = 0; offset < apart_; ++offset) {
      const uint32_t piece = PieceOf(forms_[i].text.data() + offset);
      const size_t mark = MarkOf(piece);
      marks_[mark / 64] |= uint64_t{1} << mark % 64;
      pieces_.push_back({.mark = static_cast<uint32_t>(mark), .form = i, .offset = offset});
    }
  }
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.mark, a.form, a.offset) < std::tie(b.mark, b.form, b.offset);
  });
}

void Literals::LookAt(std::string_view text, const Span& within, size_t at, std::vector<Found>& found) const {
  const auto mark = static_cast<uint32_t>(MarkOf(PieceOf(text.data() + at)));
  auto piece = std::lower_bound(pieces_.begin(), pieces_.end(), mark,
                                [](const Piece& a, uint32_t wanted) { return a.mark < wanted; });
  for (; piece != pieces_.end() && piece->mark == mark; ++piece) {
    const auto& [literal, index] = forms_[piece->form];
    if (at < within.begin + piece->offset) continue;
    const size_t begin = at - piece->offset;
    if (begin + literal.size() <= within.end && text.substr(begin, literal.size()) == literal)
      found.push_back({.span = {begin, begin + literal.size()}, .literal = index});
  }
}

std::vector<Literals::Found> Literals::Find(std::string_view text, const Span& within) const {
  std::vector<Found> found;
  if (entries_.empty()) return found;
  for (size_t at = within.begin; at + kPieceBytes <= within.end; at += apart_) {
    const size_t mark = MarkOf(PieceOf(text.data() + at));
    if ((marks_[mark / 64] >> mark % 64 & 1) != 0) LookAt(text, within, at, found);
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::pair(a.span.begin, b.span.end) < std::pair(b.span.begin, a.span.end);
  });
  std::vector<Found> longest;
  for (const Found& one : found) {
    if (longest.empty() || one.span.begin != longest.back().span.begin) longest.push_back(one);
  }
  return longest;
}

}  // namespace postern::secrets
