#include "agent/dialect/answer_event.h"

#include <algorithm>

#include "agent/dialect/plain_text.h"
#include "agent/dialect/prefix.h"

namespace postern::dialect {
namespace {

constexpr size_t kLongestWord = 128;

// One reading of one object. What is not of the expected type is passed over.
class Reading {
 public:
  explicit Reading(JsonCursor& json) : json_(json) {}

  std::optional<AnswerEvent> Run(std::string_view text) {
    if (json_.Open(text) && json_.EnterObject()) {
      std::string_view key;
      while (json_.NextMember(key)) ReadMember(key);
    }
    if (!json_.Finish()) return std::nullopt;
    return std::move(event_);
  }

 private:
  void ReadMember(std::string_view key) {
    if (Equals(key, "type")) return TakeWord(event_.type);
    if (Equals(key, "index")) return TakeIndex();
    if (Equals(key, "message"))
      return ReadMembers(json_, [this](std::string_view inner) { ReadMessageMember(inner); });
    if (Equals(key, "content_block")) return ReadContentBlock();
    if (Equals(key, "delta"))
      return ReadMembers(json_, [this](std::string_view inner) { ReadDeltaMember(inner); });
    if (Equals(key, "error"))
      return ReadMembers(json_, [this](std::string_view inner) { ReadErrorMember(inner); });
    ReadMessageMember(key);
  }

  void ReadMessageMember(std::string_view key) {
    if (Equals(key, "id")) return TakeWord(event_.message_id);
    if (Equals(key, "model")) return TakeWord(event_.model);
    if (Equals(key, "stop_reason")) return TakeWord(event_.stop_reason);
    if (Equals(key, "content")) return ReadContent();
    if (Equals(key, "usage")) {
      UsageReport usage;
      usage.Read(json_);
      return event_.usage.Merge(usage);
    }
    json_.Skip();
  }

  void ReadDeltaMember(std::string_view key) {
    if (Equals(key, "stop_reason")) return TakeWord(event_.stop_reason);
    if (Equals(key, "text") || Equals(key, "thinking") || Equals(key, "partial_json")) return CountString();
    json_.Skip();
  }

  void ReadErrorMember(std::string_view key) {
    if (Equals(key, "type")) return TakeWord(event_.error_type);
    json_.Skip();
  }

  void ReadContentBlock() {
    if (json_.Peek() == JsonKind::kObject) event_.block = ReadBlock();
    else json_.Skip();
  }

  void ReadContent() {
    if (json_.Peek() != JsonKind::kArray) {
      json_.Skip();
      return;
    }
    event_.content.clear();
    event_.content_count = 0;
    json_.EnterArray();
    while (json_.NextElement()) {
      AnswerBlock block = ReadBlock();
      block.index = static_cast<int64_t>(event_.content_count++);
      block.complete = true;
      if (event_.content.size() < AnswerEvent::kMostContent) event_.content.push_back(std::move(block));
    }
  }

  AnswerBlock ReadBlock() {
    AnswerBlock block;
    ReadMembers(json_, [this, &block](std::string_view key) {
      if (Equals(key, "type")) return TakeWord(block.type);
      if (Equals(key, "id")) return TakeWord(block.id);
      if (Equals(key, "name")) return TakeWord(block.name);
      if (Equals(key, "text") || Equals(key, "thinking")) return CountString();
      if (Equals(key, "input")) return CountValue();
      json_.Skip();
    });
    return block;
  }

  void TakeWord(std::string& word) {
    word.clear();
    if (json_.Peek() != JsonKind::kString) {
      json_.Skip();
    } else if (const auto text = json_.TakeString()) {
      AssignPlain(word, *text, kLongestWord);
    }
  }

  void TakeIndex() {
    event_.index.reset();
    if (json_.Peek() != JsonKind::kNumber) {
      json_.Skip();
    } else if (const auto number = json_.TakeNumber()) {
      event_.index = CountFromNumber(*number);
    }
  }

  void CountString() {
    if (json_.Peek() != JsonKind::kString) {
      json_.Skip();
    } else if (const auto text = json_.TakeString()) {
      event_.content_bytes += text->raw.size();
    }
  }

  void CountValue() {
    constexpr size_t kNothing = 2;  // content_block_start has {} where the deltas then bring the input
    const size_t before = json_.position();
    json_.Skip();
    const size_t size = json_.position() - before;
    event_.content_bytes += size - std::min(size, kNothing);
  }

  JsonCursor& json_;
  AnswerEvent event_;
};

}  // namespace

std::optional<AnswerEvent> ReadAnswerEvent(std::string_view text, JsonCursor& json) {
  return Reading(json).Run(text);
}

}  // namespace postern::dialect
