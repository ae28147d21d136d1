#include "agent/dialect/answer_meter.h"

#include <algorithm>
#include <utility>

#include "agent/dialect/prefix.h"

namespace postern::dialect {
namespace {

bool SaysEvents(std::string_view content_type) {
  constexpr std::string_view kEvents = "text/event-stream";
  return content_type.size() >= kEvents.size() &&
         std::equal(kEvents.begin(), kEvents.end(), content_type.begin(),
                    [](char lower, char c) { return (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) == lower; });
}

// Takes the start of a piece of content, as far as its text.
bool TakeContentStart(std::string_view& delta) {
  return TakePrefix(delta, R"(text_delta","text":")") ||
         TakePrefix(delta, R"(input_json_delta","partial_json":")") ||
         TakePrefix(delta, R"(thinking_delta","thinking":")");
}

}  // namespace

AnswerMeter::AnswerMeter(std::string_view content_type, JsonCursor& json)
    : json_(json), form_(SaysEvents(content_type) ? Form::kEvents : Form::kUnsettled) {}

void AnswerMeter::Feed(std::string_view bytes) {
  facts_.came = facts_.came || !bytes.empty();
  if (form_ == Form::kUnsettled) {
    const size_t start = bytes.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return;
    form_ = bytes[start] == '{' ? Form::kObject : Form::kEvents;
    bytes.remove_prefix(start);
  }
  if (form_ == Form::kObject) return Keep(bytes);
  SseEvent event;
  do {
    std::string_view text;
    while (!beginning_.empty() && events_.NextAlike(beginning_, bytes, text)) {
      ++facts_.events;
      if (!TakeContent(text)) ++facts_.unreadable;  // its text has no end
    }
    if (!events_.Next(bytes, event)) return;
    Take(event);
  } while (true);
}

void AnswerMeter::Keep(std::string_view bytes) {
  if (facts_.unreadable > 0) return;
  if (bytes.size() > kMostJson - object_.size()) {
    facts_.unreadable = 1;
    std::string().swap(object_);
    return;
  }
  object_.append(bytes);
  facts_.content_bytes = object_.size();  // until it can be told apart
}

void AnswerMeter::Finish() {
  facts_.ended = true;
  if (SseEvent event; form_ == Form::kEvents && events_.Finish(event)) Take(event);
  if (form_ != Form::kObject || facts_.unreadable > 0) return;
  auto whole = ReadAnswerEvent(object_, json_);
  std::string().swap(object_);
  if (!whole) {
    facts_.unreadable = 1;
    return;
  }
  facts_.content_bytes = 0;
  Apply(*whole);
  facts_.complete = true;
}

void AnswerMeter::Take(const SseEvent& event) {
  ++facts_.events;
  if (Equals(event.name, "content_block_delta") && TakeContentDelta(event.data)) return;
  if (event.data == "[DONE]") return;  // some relays put OpenAI's ending behind the last event
  auto read = event.oversized ? std::nullopt : ReadAnswerEvent(event.data, json_);
  if (!read) {
    ++facts_.unreadable;
    return;
  }
  if (read->type.empty()) read->type = event.name;
  if (event.name == "error" && read->error_type.empty()) read->error_type = "error";
  Apply(*read);
}

// By far the most events are
// {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"…"}} with nothing in them but
// a piece of content. Only exactly this beginning is taken here; false for any other.
bool AnswerMeter::TakeContentDelta(std::string_view data) {
  const std::string_view whole = data;
  if (!TakePrefix(data, R"({"type":"content_block_delta","index":)")) return false;
  size_t digits = 0;
  while (digits < data.size() && data[digits] >= '0' && data[digits] <= '9') ++digits;
  data.remove_prefix(digits);
  if (digits == 0 || !TakePrefix(data, R"(,"delta":{"type":")")) return false;
  if (!TakeContentStart(data)) return TakePrefix(data, R"(signature_delta")");
  if (!TakeContent(data)) return false;
  RememberBeginning(whole.substr(0, whole.size() - data.size()));
  return true;
}

// What follows the beginning of an event with content: its text, a quote and the closing braces, which
// providers put spaces between.
bool AnswerMeter::TakeContent(std::string_view text_and_end) {
  size_t size = text_and_end.size();
  while (size > 0 && text_and_end[size - 1] != '"') --size;
  if (size == 0) return false;
  facts_.content_bytes += size - 1;
  return true;
}

// Spelled as providers spell it; where one doesn't, no event will begin so.
void AnswerMeter::RememberBeginning(std::string_view data) {
  constexpr std::string_view kLine = "event: content_block_delta\ndata: ";
  constexpr size_t kMostData = 128;
  if (data.size() > kMostData ||
      std::string_view(beginning_).substr(std::min(kLine.size(), beginning_.size())) == data)
    return;
  beginning_.assign(kLine).append(data);
}

void AnswerMeter::Apply(AnswerEvent& event) {
  const auto set = [](std::string& fact, std::string& value) {
    if (!value.empty()) fact = std::move(value);
  };
  set(facts_.message_id, event.message_id);
  set(facts_.model, event.model);
  set(facts_.stop_reason, event.stop_reason);
  set(facts_.error_type, event.error_type);
  facts_.content_bytes += event.content_bytes;
  if (event.usage.seen) {
    usage_.Merge(event.usage);
    facts_.usage = usage_.ToUsage();
    facts_.usage_seen = true;
    facts_.prompt_told = usage_.prompt_seen;
    facts_.usage_told = facts_.usage_told || event.type != "message_start";
  }
  for (AnswerBlock& block : event.content) Start(std::move(block));
  if (event.type == "content_block_start" && event.block) {
    event.block->index = event.index.value_or(0);
    Start(*std::move(event.block));
  } else if (event.type == "content_block_stop") {
    Stop(event.index.value_or(0));
  } else if (event.type == "message_start") {
    facts_.begun = true;
  } else if (event.type == "message_stop") {
    facts_.complete = true;
  }
}

void AnswerMeter::Start(AnswerBlock block) {
  ++facts_.block_count;
  if (facts_.blocks.size() < kMostBlocks) facts_.blocks.push_back(std::move(block));
}

void AnswerMeter::Stop(int64_t index) {
  const auto open =
      std::find_if(facts_.blocks.rbegin(), facts_.blocks.rend(),
                   [index](const AnswerBlock& block) { return block.index == index && !block.complete; });
  if (open != facts_.blocks.rend()) {
    open->complete = true;
  } else if (facts_.block_count <= kMostBlocks) {
    ++facts_.unreadable;
  }
}

}  // namespace postern::dialect
