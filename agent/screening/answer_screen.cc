#include "agent/screening/answer_screen.h"

#include <algorithm>

#include "shared/base/json_text.h"

namespace postern::screening {
namespace {

Error Unreadable() { return Error{ErrorCode::kInvalid, "the answer can't be read"}; }
Error TooLong() { return Error{ErrorCode::kExhausted, "the answer is too long to be looked at"}; }

}  // namespace

struct AnswerScreen::Block {
  AnswerBlock is;
  std::optional<secrets::StreamScan> scan{};
  // Of a tool whose input is restored, until its stop.
  bool is_held = false;
  std::string begun{};   // the event that began it
  std::string events{};  // those that followed
  std::string input{};   // their text
};

AnswerScreen::AnswerScreen(AnswerTerms terms, Form form, dialect::JsonCursor& json)
    : judge_(std::move(terms)), form_(form), json_(json) {}
AnswerScreen::~AnswerScreen() = default;

Result<AnswerScreen::Passed> AnswerScreen::Feed(std::string_view bytes) {
  input_.erase(0, used_);
  used_ = 0;
  out_.clear();
  // The end of an event is searched for where it can be: what came before had none.
  const size_t searched = input_.size() < 4 ? 0 : input_.size() - 4;
  input_ += bytes;
  if (form_ == Form::kObject) {
    if (input_.size() > kMostWhole) return TooLong();
    return Passed{.out = {}, .read = bytes};
  }
  for (size_t from = searched;;) {
    const size_t end = EventEnd(input_, from);
    if (end == 0) break;
    RETURN_IF_ERROR(TakeEvent(std::string_view(input_).substr(used_, end - used_)));
    used_ = from = end;
  }
  if (input_.size() - used_ > kMostEvent) return TooLong();
  return Passed{.out = out_, .read = std::string_view(input_).substr(0, used_)};
}

Result<AnswerScreen::Passed> AnswerScreen::Finish() {
  input_.erase(0, used_);
  used_ = 0;
  out_.clear();
  if (form_ == Form::kObject) {
    RETURN_IF_ERROR(TakeObject());
    used_ = input_.size();
    return Passed{.out = out_, .read = {}};
  }
  // An event without its empty line counts for clients, too.
  if (!input_.empty()) RETURN_IF_ERROR(TakeEvent(input_));
  used_ = input_.size();
  return Passed{.out = out_, .read = input_};
}

Status AnswerScreen::TakeEvent(std::string_view raw) {
  came_ = raw;
  const AnswerEvent event = ReadAnswerEvent(raw, kMostEvent, joined_);
  if (event.too_long) return TooLong();
  const auto glance = ReadGlance(event.data, json_);
  if (glance && glance->type == "content_block_start") return Start(event.raw, *glance);
  if (glance && glance->type == "content_block_delta") return Delta(event.raw, *glance);
  if (glance && glance->type == "content_block_stop") return Stop(*glance->index);
  out_ += came_;
  return Ok{};
}

Status AnswerScreen::Start(std::string_view raw, const Glance& glance) {
  if (blocks_.size() >= kMostBlocks) return TooLong();
  blocks_.erase(*glance.index);
  Block& block = blocks_[*glance.index];
  block.is = {.type = glance.block_type, .tool = glance.tool, .index = *glance.index};
  block.is_held = judge_.Restores(block.is);
  block.scan =
      judge_.ScanFor(block.is, block.is_held ? AnswerJudge::Doing::kLookOnly : AnswerJudge::Doing::kReplace);
  if (block.is_held) {
    block.begun = came_;
    return Ok{};
  }
  if (block.scan && glance.contents) return PassString(raw, glance, block);
  out_ += came_;
  return Ok{};
}

Status AnswerScreen::Delta(std::string_view raw, const Glance& glance) {
  const auto found = blocks_.find(*glance.index);
  if (found == blocks_.end()) {
    out_ += came_;
    return Ok{};
  }
  Block& block = found->second;
  if (block.is_held) return Hold(glance, block);
  if (block.scan && glance.contents) return PassString(raw, glance, block);
  out_ += came_;
  return Ok{};
}

// Keeps the event until its block's stop, unless there is too much of them.
Status AnswerScreen::Hold(const Glance& glance, Block& block) {
  block.events += came_;
  if (glance.contents) {
    const auto text = dialect::JsonString{*glance.contents}.Decode(kMostEvent);
    if (!text) return Unreadable();
    block.input += *text;
    if (block.scan) RETURN_IF_ERROR(block.scan->Feed(*text, judge_.workspace()));
  }
  if (block.events.size() <= kMostHeld) return Ok{};
  out_ += block.begun + block.events;
  block.begun.clear();
  block.events.clear();
  block.input.clear();
  block.is_held = false;
  return Ok{};
}

// Lets the event go on with what may go on of its string.
Status AnswerScreen::PassString(std::string_view raw, const Glance& glance, Block& block) {
  const std::string_view contents = *glance.contents;
  const auto text = dialect::JsonString{contents}.Decode(kMostEvent);
  if (!text) return Unreadable();
  ASSIGN_OR_RETURN(const std::string_view out, block.scan->Feed(*text, judge_.workspace()));
  if (out.data() == text->data() && out.size() == text->size()) {
    out_ += came_;
    return Ok{};
  }
  if (out.empty() && glance.type == "content_block_delta") return Ok{};
  const auto at = static_cast<size_t>(contents.data() - raw.data());
  const std::string escaped = JsonString(out);
  out_ += raw.substr(0, at);
  out_ += std::string_view(escaped).substr(1, escaped.size() - 2);
  out_ += raw.substr(at + contents.size());
  return Ok{};
}

Status AnswerScreen::Stop(int64_t index) {
  const auto found = blocks_.find(index);
  if (found != blocks_.end()) {
    Block& block = found->second;
    if (block.scan) RETURN_IF_ERROR(EndScan(block));
    if (block.is_held) RETURN_IF_ERROR(EndHeld(block));
    blocks_.erase(found);
  }
  out_ += came_;
  return Ok{};
}

Status AnswerScreen::EndScan(Block& block) {
  ASSIGN_OR_RETURN(const std::string_view rest, block.scan->Finish(judge_.workspace()));
  if (!block.is_held && !rest.empty()) AppendDelta(block.is, rest);
  judge_.Note(*block.scan, block.is);
  return Ok{};
}

Status AnswerScreen::EndHeld(Block& block) {
  const Restored restored = judge_.Restore(block.input);
  out_ += block.begun;
  if (restored.times == 0) {
    out_ += block.events;
  } else {
    AppendDelta(block.is, restored.json);
  }
  return Ok{};
}

void AnswerScreen::AppendDelta(const AnswerBlock& block, std::string_view text) {
  out_ += R"(event: content_block_delta
data: {"type":"content_block_delta","index":)" +
          std::to_string(block.index) + R"(,"delta":{"type":")" +
          (block.is_tool() ? "input_json_delta" : "text_delta") + "\",\"" +
          (block.is_tool() ? "partial_json" : "text") + "\":";
  AppendJsonString(out_, text);
  out_ += "}}\n\n";
}

bool AnswerScreen::holds() const {
  return std::any_of(blocks_.begin(), blocks_.end(), [](const auto& block) {
    return !block.second.is_held && block.second.scan && block.second.scan->held() > 0;
  });
}

bool AnswerScreen::holds_block() const {
  return std::any_of(blocks_.begin(), blocks_.end(), [](const auto& block) { return block.second.is_held; });
}

Result<std::string_view> AnswerScreen::Release() {
  out_.clear();
  for (auto& [index, block] : blocks_) {
    if (block.is_held || !block.scan || block.scan->held() == 0) continue;
    ASSIGN_OR_RETURN(const std::string_view text, block.scan->Release(judge_.workspace()));
    if (!text.empty()) AppendDelta(block.is, text);
  }
  return std::string_view(out_);
}

// What can't be scanned to its end has no findings to tell of.
void AnswerScreen::Abandon() {
  for (auto& [index, block] : blocks_) {
    if (block.scan && block.scan->Finish(judge_.workspace())) judge_.Note(*block.scan, block.is);
  }
  blocks_.clear();
}

// An answer that isn't a stream.
Status AnswerScreen::TakeObject() {
  const auto parts = ReadAnswerObject(input_, json_);
  if (!parts) return Unreadable();
  size_t copied = 0;
  for (const WholeBlock& part : *parts) {
    if (!part.contents) continue;
    std::string out;
    RETURN_IF_ERROR(ScreenPart(part, out));
    const auto at = static_cast<size_t>(part.contents->data() - input_.data());
    out_ += std::string_view(input_).substr(copied, at - copied);
    out_ += out;
    copied = at + part.contents->size();
  }
  out_ += std::string_view(input_).substr(copied);
  return Ok{};
}

// A string's contents, or a tool's input as it stands.
Status AnswerScreen::ScreenPart(const WholeBlock& part, std::string& out) {
  using Doing = AnswerJudge::Doing;
  const AnswerBlock& block = part.block;
  const bool restores = judge_.Restores(block);
  out = *part.contents;
  if (auto scan = judge_.ScanFor(block, restores ? Doing::kLookOnly : Doing::kReplace)) {
    std::optional<std::string> text(*part.contents);
    if (!block.is_tool()) text = dialect::JsonString{*part.contents}.Decode(kMostWhole);
    if (!text) return Unreadable();
    ASSIGN_OR_RETURN(const std::string_view first, scan->Feed(*text, judge_.workspace()));
    std::string changed(first);
    ASSIGN_OR_RETURN(const std::string_view rest, scan->Finish(judge_.workspace()));
    changed += rest;
    judge_.Note(*scan, block);
    if (changed != *text) {
      const std::string escaped = JsonString(changed);
      out = block.is_tool() ? changed : escaped.substr(1, escaped.size() - 2);
    }
  }
  if (restores) out = judge_.Restore(out).json;
  return Ok{};
}

}  // namespace postern::screening
