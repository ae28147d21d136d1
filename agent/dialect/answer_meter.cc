#include "agent/dialect/answer_meter.h"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::dialect {
namespace {

constexpr std::string_view kContentDelta = "content_block_delta";

bool SaysEvents(std::string_view content_type) {
  constexpr std::string_view kEvents = "text/event-stream";
  return content_type.size() >= kEvents.size() &&
         std::equal(kEvents.begin(), kEvents.end(), content_type.begin(),
                    [](char lower, char c) { return (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) == lower; });
}

bool Eat(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

AnswerMeter::AnswerMeter(std::string_view content_type, JsonCursor& json)
    : json_(json), form_(SaysEvents(content_type) ? Form::kEvents : Form::kUnsettled) {}

void AnswerMeter::Feed(std::string_view bytes) {
  if (form_ == Form::kUnsettled) {
    const size_t start = bytes.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return;
    form_ = bytes[start] == '{' ? Form::kObject : Form::kEvents;
  }
  if (form_ == Form::kObject) return Keep(bytes);
  SseEvent event;
  while (events_.Next(bytes, event)) Take(event);
}

void AnswerMeter::Keep(std::string_view bytes) {
  if (facts_.unreadable > 0) return;
  if (bytes.size() > kMostJson - object_.size()) {
    facts_.unreadable = 1;
    std::string().swap(object_);
    return;
  }
  object_.append(bytes);
}

void AnswerMeter::Finish() {
  if (SseEvent event; form_ == Form::kEvents && events_.Finish(event)) Take(event);
  if (form_ != Form::kObject || facts_.unreadable > 0) return;
  auto whole = ReadAnswerEvent(object_, json_);
  std::string().swap(object_);
  if (!whole) {
    facts_.unreadable = 1;
    return;
  }
  Apply(*whole);
  facts_.complete = true;
}

void AnswerMeter::Take(const SseEvent& event) {
  ++facts_.events;
  if (event.name == kContentDelta && TakeContentDelta(event.data)) return;
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

// By far the most events are {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"…"}} with nothing
// in them but a piece of content. Only exactly this beginning is taken here; false for any other.
bool AnswerMeter::TakeContentDelta(std::string_view data) {
  static constexpr std::array<std::string_view, 3> kContent = {R"(text_delta","text":")", R"(input_json_delta","partial_json":")",
                                                               R"(thinking_delta","thinking":")"};
  if (!Eat(data, R"({"type":"content_block_delta","index":)")) return false;
  const size_t digits = std::min(data.find_first_not_of("0123456789"), data.size());
  data.remove_prefix(digits);
  if (digits == 0 || !Eat(data, R"(,"delta":{"type":")")) return false;
  for (const std::string_view content : kContent) {
    if (!Eat(data, content)) continue;
    const size_t quote = data.rfind('"');  // providers put spaces of their own between the closing braces
    if (quote == std::string_view::npos) return false;
    facts_.content_bytes += quote;
    return true;
  }
  return data.starts_with("signature_delta\"");
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
  }
  for (AnswerBlock& block : event.content) Start(std::move(block));
  if (event.type == "content_block_start" && event.block) {
    event.block->index = event.index.value_or(0);
    Start(*std::move(event.block));
  } else if (event.type == "content_block_stop") {
    Stop(event.index.value_or(0));
  } else if (event.type == "message_stop") {
    facts_.complete = true;
  }
}

void AnswerMeter::Start(AnswerBlock block) {
  ++facts_.block_count;
  if (facts_.blocks.size() < kMostBlocks) facts_.blocks.push_back(std::move(block));
}

void AnswerMeter::Stop(int64_t index) {
  const auto open = std::find_if(facts_.blocks.rbegin(), facts_.blocks.rend(),
                                 [index](const AnswerBlock& block) { return block.index == index && !block.complete; });
  if (open != facts_.blocks.rend()) {
    open->complete = true;
  } else if (facts_.block_count <= kMostBlocks) {
    ++facts_.unreadable;
  }
}

}  // namespace postern::dialect
