#include "shared/policy/anchors.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace postern::policy {
namespace {

uint64_t KeyOf(std::string_view text) {
  if (text.empty()) return 0;
  const uint64_t word = text.size() >= 8 ? WordAt(text.data()) : LastWordAt(text.data(), text.size());
  static_assert(std::endian::native == std::endian::little);
  return __builtin_bswap64(word);
}

}  // namespace

void Anchors::Build(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  texts_ = std::move(texts);
  keys_.clear();
  parents_.clear();
  bits_.clear();
  begins_.fill(0);
  for (uint32_t i = 0; i < texts_.size(); ++i) {
    const std::string& text = texts_[i];
    uint32_t parent = i == 0 ? kNowhere : i - 1;
    while (parent != kNowhere && !text.starts_with(texts_[parent])) parent = parents_[parent];
    keys_.push_back(KeyOf(text));
    parents_.push_back(parent);
    bits_.push_back(BitOf(i) | BitsOf(parent));
    ++begins_[static_cast<unsigned char>(text[0]) + 1U];
  }
  for (size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
}

uint32_t Anchors::Find(std::string_view text) const {
  const auto found = std::lower_bound(texts_.begin(), texts_.end(), text);
  return found == texts_.end() || *found != text ? kNowhere : static_cast<uint32_t>(found - texts_.begin());
}

uint32_t Anchors::Search(std::string_view name, uint32_t begin, uint32_t end) const {
  const uint64_t key = KeyOf(name);
  const uint32_t first = begin;
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    const bool is_after = keys_[middle] != key ? keys_[middle] > key : texts_[middle] > name;
    (is_after ? end : begin) = is_after ? middle : middle + 1;
  }
  uint32_t longest = begin == first ? kNowhere : begin - 1;
  while (longest != kNowhere && !name.starts_with(texts_[longest])) longest = parents_[longest];
  return longest;
}

}  // namespace postern::policy
