#include "shared/policy/plain_name.h"

#include <cstring>

namespace postern::policy {
namespace {

// Eight bytes at a time: each byte's answer is its highest bit. Right for ASCII; a byte beyond it is odd by
// itself, whatever its carry makes of the next.
constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighest = 0x80 * kOnes;

constexpr uint64_t Reaching(uint64_t word, unsigned char least) { return word + (0x80U - least) * kOnes; }
constexpr uint64_t Differing(uint64_t word, char from) {
  return Reaching(word ^ (static_cast<unsigned char>(from) * kOnes), 1);
}

constexpr uint64_t Capitals(uint64_t word) {
  return Reaching(word, 'A') & ~Reaching(word, 'Z' + 1) & kHighest;
}

class Pass {
 public:
  Pass(size_t size, char* small) : hash_(size), small_(small) {}

  // `filled` is the word without zeros after the text's end.
  void Take(uint64_t word, uint64_t filled) {
    odd_ |= word | Reaching(word, 0x7f);
    sound_ &= Reaching(filled, ' ' + 1) & Differing(word, '*') & Differing(word, '?');
    const uint64_t capitals = Capitals(word);
    capitals_ |= capitals;
    const uint64_t small = word | (capitals >> 2);  // 'a' is 'A' with 0x20
    hash_.Mix(small);
    std::memcpy(small_, &small, 8);
    small_ += 8;
  }

  // No control characters, spaces, wildcards, and nothing that isn't ASCII.
  bool is_plain() const { return ((odd_ | ~sound_) & kHighest) == 0; }
  bool has_capitals() const { return capitals_ != 0; }
  uint64_t hash() const { return hash_.value(); }

 private:
  uint64_t odd_ = 0;
  uint64_t sound_ = ~uint64_t{0};
  uint64_t capitals_ = 0;
  Hash hash_;
  char* small_;
};

}  // namespace

PlainName::PlainName(std::string_view text) : text_(text) {
  if (text.empty() || text.size() > kMostNameBytes) return;
  Pass pass(text.size(), small_.data());
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) {
    const uint64_t word = WordAt(at);
    pass.Take(word, word);
  }
  if (left > 0) {
    const uint64_t word = LastWordAt(at, left);
    pass.Take(word, word | (('a' * kOnes) << (8 * left)));
  }
  is_plain_ = pass.is_plain();
  has_capitals_ = pass.has_capitals();
  small_hash_ = pass.hash();
}

}  // namespace postern::policy
