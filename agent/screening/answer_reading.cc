#include "agent/screening/answer_reading.h"

#include <algorithm>

#include "agent/dialect/sse.h"

namespace postern::screening {
namespace {

using dialect::JsonCursor;
using dialect::JsonKind;

// The block that begins, or the delta.
void ReadInner(JsonCursor& json, Glance& glance) {
  std::string_view key;
  while (json.NextMember(key)) {
    if (key == "type") {
      if (const auto text = json.TakeString()) glance.block_type = text->raw;
    } else if (key == "name") {
      if (const auto text = json.TakeString()) glance.tool = text->raw;
    } else if ((key == "text" || key == "thinking" || key == "partial_json") &&
               json.Peek() == JsonKind::kString) {
      if (const auto text = json.TakeString()) glance.contents = text->raw;
    } else {
      json.Skip();
    }
  }
}

WholeBlock ReadWholeBlock(std::string_view text, JsonCursor& json) {
  WholeBlock read;
  std::string_view key;
  while (json.NextMember(key)) {
    const bool is_string = json.Peek() == JsonKind::kString;
    if (key == "type" && is_string) {
      read.block.type = json.TakeString()->raw;
    } else if (key == "name" && is_string) {
      read.block.tool = json.TakeString()->raw;
    } else if ((key == "text" || key == "thinking") && is_string) {
      read.contents = json.TakeString()->raw;
    } else if (key == "input") {
      const size_t begin = json.position();
      json.Skip();
      read.contents = text.substr(begin, json.position() - begin);
    } else {
      json.Skip();
    }
  }
  return read;
}

bool ReadBlocks(std::string_view text, JsonCursor& json, std::vector<WholeBlock>& blocks) {
  json.EnterArray();
  while (json.NextElement()) {
    if (blocks.size() >= kMostBlocks || !json.EnterObject()) return false;
    const auto index = static_cast<int64_t>(blocks.size());
    blocks.push_back(ReadWholeBlock(text, json));
    blocks.back().block.index = index;
  }
  return true;
}

}  // namespace

size_t EventEnd(std::string_view bytes, size_t from) {
  bool line_is_empty = false;
  for (size_t at = from; at < bytes.size(); ++at) {
    const char c = bytes[at];
    if (c != '\n' && c != '\r') {
      line_is_empty = false;
      continue;
    }
    if (c == '\r') {
      if (at + 1 == bytes.size()) return 0;
      if (bytes[at + 1] == '\n') ++at;
    }
    if (line_is_empty) return at + 1;
    line_is_empty = true;
  }
  return 0;
}

AnswerEvent ReadAnswerEvent(std::string_view came, size_t most, std::string& joined) {
  AnswerEvent read{.raw = came, .data = {}};
  dialect::SseParser parser(most);
  dialect::SseEvent event;
  std::string_view rest = came;
  if (!parser.Next(rest, event) && !parser.Finish(event)) return read;  // comments
  read.too_long = event.oversized;
  const bool lies_here =
      event.data.data() >= came.data() && event.data.data() + event.data.size() <= came.data() + came.size();
  if (lies_here || event.data.empty()) {
    read.data = event.data;
    return read;
  }
  // Between JSON's values a space says what a newline does, and within its strings there is none.
  std::string line(event.data);
  std::replace(line.begin(), line.end(), '\n', ' ');
  joined = "event: " + std::string(event.name) + "\ndata: ";
  const size_t at = joined.size();
  joined += line + "\n\n";
  read.raw = joined;
  read.data = read.raw.substr(at, line.size());
  return read;
}

std::optional<Glance> ReadGlance(std::string_view data, JsonCursor& json) {
  Glance glance;
  if (data.empty() || !json.Open(data) || !json.EnterObject()) return std::nullopt;
  std::string_view key;
  while (json.NextMember(key)) {
    if (key == "type") {
      if (const auto text = json.TakeString()) glance.type = text->raw;
    } else if (key == "index") {
      if (const auto number = json.TakeNumber()) glance.index = dialect::CountFromNumber(*number);
    } else if (key == "content_block" || key == "delta") {
      if (!json.EnterObject()) break;
      ReadInner(json, glance);
    } else {
      json.Skip();
    }
  }
  if (!json.Finish() || !glance.index) return std::nullopt;
  return glance;
}

std::optional<std::vector<WholeBlock>> ReadAnswerObject(std::string_view text, JsonCursor& json) {
  std::vector<WholeBlock> blocks;
  if (!json.Open(text) || !json.EnterObject()) return std::nullopt;
  std::string_view key;
  while (json.NextMember(key)) {
    if (key != "content" || json.Peek() != JsonKind::kArray) {
      json.Skip();
    } else if (!ReadBlocks(text, json, blocks)) {
      return std::nullopt;
    }
  }
  if (!json.Finish()) return std::nullopt;
  return blocks;
}

}  // namespace postern::screening
