#include "collector/store/page_cursor.h"

#include "shared/base/hex.h"

namespace postern::store {
namespace {

constexpr size_t kQuestionBytes = 8;

void AppendNumber(std::string& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

void AppendText(std::string& out, const std::optional<std::string>& text) {
  out.push_back(text ? 1 : 0);
  if (!text) return;
  AppendNumber(out, text->size());
  out += *text;
}

void AppendTime(std::string& out, const std::optional<WallTime>& time) {
  out.push_back(time ? 1 : 0);
  if (time) AppendNumber(out, static_cast<uint64_t>(time->time_since_epoch().count()));
}

std::string Question(std::string_view asked) {
  const crypto::Digest digest = crypto::Sha256(asked);
  return std::string(crypto::AsBytes(digest).substr(0, kQuestionBytes));
}

std::string Question(const EventFilter& filter) {
  std::string asked = "events";
  asked.push_back(filter.order == Order::kNewestFirst ? 1 : 0);
  asked.push_back(filter.decision ? static_cast<char>(*filter.decision) : '-');
  AppendNumber(asked, filter.after ? static_cast<uint64_t>(*filter.after) + 1 : 0);
  AppendTime(asked, filter.from);
  AppendTime(asked, filter.to);
  for (const auto* text : {&filter.organisation, &filter.team, &filter.user, &filter.key, &filter.model,
                           &filter.session, &filter.host, &filter.kind, &filter.agent}) {
    AppendText(asked, *text);
  }
  return Question(asked);
}

std::string Question(RecordKind kind, const std::optional<std::string>& label) {
  std::string asked = "records";
  asked.push_back(static_cast<char>(kind));
  AppendText(asked, label);
  return Question(asked);
}

Result<std::string> Place(const std::string& question, const Cursor& cursor) {
  const Error foreign{ErrorCode::kInvalid, "the cursor doesn't belong to this question"};
  const auto bytes = FromHex(cursor);
  if (!bytes || !bytes->starts_with(question)) return foreign;
  return bytes->substr(kQuestionBytes);
}

}  // namespace

Cursor MakeCursor(const EventFilter& filter, Leaf last) {
  std::string bytes = Question(filter);
  AppendNumber(bytes, static_cast<uint64_t>(last));
  return ToHex(bytes);
}

Cursor MakeCursor(RecordKind kind, const std::optional<std::string>& label, const std::string& last_id) {
  return ToHex(Question(kind, label) + last_id);
}

Result<Leaf> ReadCursor(const EventFilter& filter, const Cursor& cursor) {
  ASSIGN_OR_RETURN(const std::string place, Place(Question(filter), cursor));
  if (place.size() != sizeof(uint64_t))
    return Error{ErrorCode::kInvalid, "the cursor doesn't belong to this question"};
  uint64_t leaf = 0;
  for (const char byte : place) leaf = leaf << 8 | static_cast<uint8_t>(byte);
  return Leaf{leaf};
}

Result<std::string> ReadCursor(RecordKind kind, const std::optional<std::string>& label,
                               const Cursor& cursor) {
  return Place(Question(kind, label), cursor);
}

}  // namespace postern::store
