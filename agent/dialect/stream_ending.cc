#include "agent/dialect/stream_ending.h"

#include <algorithm>

#include "shared/base/json_text.h"

namespace postern::dialect {
namespace {

void AppendEvent(std::string& out, std::string_view name, std::string_view members) {
  out += "event: ";
  out += name;
  out += "\ndata: {\"type\":\"";
  out += name;
  out += '"';
  out += members;
  out += "}\n\n";
}

// The event that was begun is ended under a name whose data nobody reads, and with data that is no JSON for
// those who go by that. Ended as it is, it could be the stop of a tool.
void AppendEndOfEvent(std::string& out, SseCut cut) {
  if (cut == SseCut::kInLine) out += '\n';
  if (cut != SseCut::kBetweenEvents) out += "data: cut\nevent: ping\n\n";
}

void AppendNotice(std::string& out, const StreamStage& stage, std::string_view notice) {
  const std::string index = R"(,"index":)" + std::to_string(stage.open_text.value_or(stage.next_index));
  if (!stage.open_text)
    AppendEvent(out, "content_block_start", index + R"(,"content_block":{"type":"text","text":""})");
  const std::string text =
      postern::JsonString(stage.open_text ? "\n\n" + std::string(notice) : std::string(notice));
  AppendEvent(out, "content_block_delta", index + R"(,"delta":{"type":"text_delta","text":)" + text + "}");
  AppendEvent(out, "content_block_stop", index);
}

}  // namespace

StreamStage StageOf(const AnswerMeter& answer) {
  const AnswerFacts& facts = answer.facts();
  StreamStage stage;
  stage.cut = answer.cut();
  stage.begun = facts.begun;
  stage.settled = !facts.stop_reason.empty();
  stage.over = facts.complete;
  for (const AnswerBlock& block : facts.blocks) {
    stage.any_complete |= block.complete;
    if (block.index < INT64_MAX) stage.next_index = std::max(stage.next_index, block.index + 1);
  }
  if (facts.blocks.empty()) return stage;
  // Of more blocks than are remembered the last one isn't known: it is left as it is.
  const AnswerBlock& last = facts.blocks.back();
  const bool known = facts.block_count == facts.blocks.size();
  stage.other_open = !known || (!last.complete && last.type != "text");
  if (!known) stage.next_index += static_cast<int64_t>(facts.block_count);
  if (known && !last.complete && last.type == "text") stage.open_text = last.index;
  return stage;
}

std::string EndingEvents(const StreamStage& stage, const EndingWords& words) {
  std::string out;
  if (stage.over) return out;
  AppendEndOfEvent(out, stage.cut);
  if (!stage.begun) {
    AppendEvent(out, "message_start",
                R"(,"message":{"id":"msg_)" + std::string(words.request_id) +
                    R"(","type":"message","role":"assistant","model":"","content":[],"stop_reason":null,)"
                    R"("stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}})");
  }
  const bool all_said = stage.settled && stage.any_complete && !stage.open_text && !stage.other_open;
  if (!all_said) AppendNotice(out, stage, words.notice);
  AppendEvent(out, "error",
              R"(,"error":{"type":)" + postern::JsonString(words.error_type) + R"(,"message":)" +
                  postern::JsonString(words.sentence) + R"(},"request_id":)" +
                  postern::JsonString(words.request_id));
  return out;
}

}  // namespace postern::dialect
