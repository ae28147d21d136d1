#include "agent/membership/contact.h"

#include <utility>

namespace postern::membership {
namespace {

constexpr size_t kNumber = 8;

void Append(std::string& out, int64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(static_cast<uint64_t>(number) >> shift));
}

int64_t ReadNumber(std::string_view bytes) {
  uint64_t number = 0;
  for (size_t i = 0; i < kNumber; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return static_cast<int64_t>(number);
}

}  // namespace

// boot (8) ‖ wall (8), nanoseconds, the most significant byte first ‖ the boot's id
std::string Contact::Encode() const {
  std::string bytes;
  if (!last_) return bytes;
  Append(bytes, last_->boot.time_since_epoch().count());
  Append(bytes, last_->wall.time_since_epoch().count());
  return bytes + last_->boot_id;
}

Status Contact::Restore(std::string_view bytes) {
  if (bytes.empty()) return Ok{};
  if (bytes.size() < 2 * kNumber)
    return Error{ErrorCode::kCorrupt, "the time of the collector's last word can't be read"};
  Word word;
  word.boot = BootTime(std::chrono::nanoseconds(ReadNumber(bytes)));
  word.wall = WallTime(std::chrono::nanoseconds(ReadNumber(bytes.substr(kNumber))));
  word.boot_id = std::string(bytes.substr(2 * kNumber));
  last_ = std::move(word);
  return Ok{};
}

void Contact::Heard(BootTime sent, BootTime boot_now, WallTime wall_now) {
  if (last_ && last_->boot_id == boot_id_ && sent <= last_->boot) return;
  last_ = Word{boot_id_, sent, wall_now - (boot_now - sent)};
}

std::optional<std::chrono::nanoseconds> Contact::Age(BootTime boot_now, WallTime wall_now) const {
  if (!last_) return std::nullopt;
  // An empty id is of a machine that doesn't tell: then only the wall clock counts.
  if (!boot_id_.empty() && last_->boot_id == boot_id_) return boot_now - last_->boot;
  if (wall_now < last_->wall) return kUnknown;
  return wall_now - last_->wall;
}

}  // namespace postern::membership
