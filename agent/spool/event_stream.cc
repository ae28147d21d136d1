#include "agent/spool/event_stream.h"

#include <algorithm>
#include <charconv>

namespace postern::spool {
namespace {

constexpr std::string_view kMagic = "postern events 1\n";
constexpr size_t kFrameHead = 5;

constexpr char kBounds = 'B';
constexpr char kPublicKey = 'K';
constexpr char kEvent = 'E';
constexpr char kSeal = 'S';
constexpr char kEnd = 'Z';

void BeginFrame(std::string& out, char kind, size_t length) {
  out.push_back(kind);
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(length >> shift));
}

struct Frame {
  char kind = 0;
  std::string_view payload;
};

// Takes one frame off the front; nothing when it is cut.
std::optional<Frame> TakeFrame(std::string_view& body) {
  if (body.size() < kFrameHead) return std::nullopt;
  size_t length = 0;
  for (size_t i = 1; i < kFrameHead; ++i) length = length << 8 | static_cast<uint8_t>(body[i]);
  if (body.size() - kFrameHead < length) return std::nullopt;
  const Frame frame{body[0], body.substr(kFrameHead, length)};
  body.remove_prefix(kFrameHead + length);
  return frame;
}

Error Damaged() { return {ErrorCode::kCorrupt, "the answer is not a whole page of events"}; }

// False when the frame is not what its kind says.
bool Read(const Frame& frame, Page& page) {
  switch (frame.kind) {
    case kBounds:
      if (frame.payload.size() != 16) return false;
      page.first = ReadNumber(frame.payload);
      page.next = ReadNumber(frame.payload.substr(8));
      return true;
    case kPublicKey:
      if (frame.payload.size() != 32) return false;
      page.public_keys.emplace_back(frame.payload);
      return true;
    case kEvent:
    case kSeal: {
      if (frame.payload.size() < 8) return false;
      const RecordKind kind = frame.kind == kEvent ? RecordKind::kEvent : RecordKind::kSeal;
      page.records.push_back({ReadNumber(frame.payload), kind, std::string(frame.payload.substr(8))});
      return true;
    }
    case kEnd:
      if (frame.payload.size() != 8) return false;
      page.resume = ReadNumber(frame.payload);
      return true;
    default: return true;  // a later version's: skipped
  }
}

template <class Number>
bool Parse(std::string_view text, Number& number) {
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} && end == text.data() + text.size();
}

}  // namespace

Result<PageRequest> PageRequest::FromQuery(std::string_view query) {
  PageRequest request;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    bool good = false;
    if (name == "from") good = Parse(value, request.from);
    if (name == "last") good = Parse(value, request.last);
    if (name == "limit") good = Parse(value, request.limit) && request.limit > 0;
    if (name == "since") {
      int64_t nanoseconds = 0;
      good = Parse(value, nanoseconds);
      request.since = WallTime(std::chrono::nanoseconds(nanoseconds));
    }
    if (!good) {
      return Error{ErrorCode::kInvalid,
                   "allowed are from, since (nanoseconds since 1970), last and limit, each with a number"};
    }
  }
  return request;
}

std::string PageRequest::ToQuery() const {
  std::string query = "limit=" + std::to_string(limit);
  if (from != 0) query += "&from=" + std::to_string(from);
  if (since) query += "&since=" + std::to_string(since->time_since_epoch().count());
  if (last != 0) query += "&last=" + std::to_string(last);
  return query;
}

std::string EncodePage(const Page& page) {
  std::string out(kMagic);
  BeginFrame(out, kBounds, 16);
  AppendNumber(out, page.first);
  AppendNumber(out, page.next);
  for (const std::string& key : page.public_keys) {
    BeginFrame(out, kPublicKey, key.size());
    out += key;
  }
  for (const Record& record : page.records) {
    BeginFrame(out, record.kind == RecordKind::kEvent ? kEvent : kSeal, 8 + record.bytes.size());
    AppendNumber(out, record.position);
    out += record.bytes;
  }
  BeginFrame(out, kEnd, 8);
  AppendNumber(out, page.resume);
  return out;
}

Result<Page> DecodePage(std::string_view body) {
  if (!body.starts_with(kMagic)) return Damaged();
  body.remove_prefix(kMagic.size());
  Page page;
  for (;;) {
    const auto frame = TakeFrame(body);
    if (!frame || !Read(*frame, page)) return Damaged();
    if (frame->kind == kEnd) break;
  }
  if (!body.empty()) return Damaged();
  return page;
}

}  // namespace postern::spool
