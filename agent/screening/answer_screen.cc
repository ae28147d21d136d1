#include "agent/screening/answer_screen.h"

#include <algorithm>

#include "agent/dialect/sse.h"
#include "agent/screening/restore.h"
#include "shared/base/json_text.h"
#include "shared/secrets/redaction.h"

namespace postern::screening {
namespace {

constexpr size_t kMostBlocks = 4'096;

Error Unreadable() { return Error{ErrorCode::kInvalid, "the answer can't be read"}; }
Error TooLong() { return Error{ErrorCode::kExhausted, "the answer is too long to be looked at"}; }

// The bytes of the first event with the empty line that ends it; 0: it isn't complete. A CR at the end may
// belong to a LF that is still to come.
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

bool IsTool(std::string_view type) { return type.ends_with("tool_use"); }

std::string_view PartOf(std::string_view type) {
  if (type == "text" || type == "thinking") return type;
  return IsTool(type) ? "tool_input" : "other";
}

}  // namespace

std::string_view AnswerTerms::fingerprint_key() const {
  if (policy != nullptr && !policy->secret_terms().fingerprint_key.empty())
    return policy->secret_terms().fingerprint_key;
  return keys->fingerprint.view();
}

// What an event says, as far as it matters here.
struct AnswerScreen::Glance {
  std::string type;
  std::optional<int64_t> index;
  std::string block_type;                    // of content_block_start
  std::string tool;                          // likewise
  std::optional<std::string_view> contents;  // of the string with content, between its quotes
};

struct AnswerScreen::Block {
  std::string type;
  std::string tool;
  std::optional<secrets::StreamScan> scan{};
  // Of a tool whose input is restored, until its stop.
  bool is_held = false;
  std::string begun{};   // the event that began it
  std::string events{};  // those that followed
  std::string input{};   // their text
  // Of an answer that isn't a stream: where it stands there.
  std::string_view contents{};
};

AnswerScreen::AnswerScreen(AnswerTerms terms, Form form, dialect::JsonCursor& json)
    : terms_(std::move(terms)), form_(form), json_(json) {}
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
    return Passed{};
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
  } else {
    // An event without its empty line counts for clients, too.
    if (!input_.empty()) RETURN_IF_ERROR(TakeEvent(input_));
  }
  used_ = input_.size();
  return Passed{.out = out_, .read = input_};
}

Status AnswerScreen::TakeEvent(std::string_view raw) {
  came_ = raw;
  dialect::SseParser parser(kMostEvent);
  dialect::SseEvent event;
  std::string_view rest = raw;
  if (!parser.Next(rest, event) && !parser.Finish(event)) {
    out_ += raw;  // comments
    return Ok{};
  }
  if (event.oversized) return TooLong();
  std::string_view data = event.data;
  const bool lies_here = data.data() >= raw.data() && data.data() + data.size() <= raw.data() + raw.size();
  if (!lies_here && !data.empty()) {
    // Between JSON's values a space says what a newline does, and within its strings there is none.
    std::string line(data);
    std::replace(line.begin(), line.end(), '\n', ' ');
    joined_ = "event: " + std::string(event.name) + "\ndata: ";
    const size_t at = joined_.size();
    joined_ += line + "\n\n";
    raw = joined_;
    data = raw.substr(at, line.size());
  }
  Glance glance;
  if (data.empty() || !Read(data, glance) || !glance.index) {
    out_ += came_;
    return Ok{};
  }
  if (glance.type == "content_block_start") return Start(raw, glance);
  if (glance.type == "content_block_delta") return Delta(raw, glance);
  if (glance.type == "content_block_stop") return Stop(*glance.index);
  out_ += came_;
  return Ok{};
}

bool AnswerScreen::Read(std::string_view data, Glance& glance) {
  if (!json_.Open(data) || !json_.EnterObject()) return false;
  const auto take = [this](std::string& into) {
    if (const auto text = json_.TakeString()) into = text->raw;
  };
  std::string_view key;
  while (json_.NextMember(key)) {
    if (key == "type") {
      take(glance.type);
    } else if (key == "index") {
      if (const auto number = json_.TakeNumber()) glance.index = dialect::CountFromNumber(*number);
    } else if (key == "content_block" || key == "delta") {
      if (!json_.EnterObject()) break;
      while (json_.NextMember(key)) {
        if (key == "type") {
          take(glance.block_type);
        } else if (key == "name") {
          take(glance.tool);
        } else if ((key == "text" || key == "thinking" || key == "partial_json") &&
                   json_.Peek() == dialect::JsonKind::kString) {
          if (const auto text = json_.TakeString()) glance.contents = text->raw;
        } else {
          json_.Skip();
        }
      }
    } else {
      json_.Skip();
    }
  }
  return json_.Finish();
}

bool AnswerScreen::Restores(std::string_view type, std::string_view tool) const {
  return type == "tool_use" && terms_.original && terms_.orders.Restores(tool);
}

std::optional<secrets::StreamScan> AnswerScreen::ScanFor(std::string_view type, bool may_replace) {
  if (terms_.scanner == nullptr || PartOf(type) == "other") return std::nullopt;
  secrets::StreamTerms terms{.scanner = *terms_.scanner,
                             .form = IsTool(type) ? secrets::StreamForm::kJson : secrets::StreamForm::kText,
                             .literals = terms_.literals};
  if (may_replace && type != "thinking")
    terms.replace = [this](const secrets::Finding& finding, std::string_view original) {
      return Replaced(finding, original);
    };
  return secrets::StreamScan(terms);
}

Status AnswerScreen::Start(std::string_view raw, const Glance& glance) {
  if (blocks_.size() >= kMostBlocks) return TooLong();
  blocks_.erase(*glance.index);
  Block& block = blocks_[*glance.index];
  block.type = glance.block_type;
  block.tool = glance.tool;
  block.is_held = Restores(block.type, block.tool);
  block.scan = ScanFor(block.type, !block.is_held);
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
  if (found == blocks_.end() || !glance.contents) {
    (found != blocks_.end() && found->second.is_held ? found->second.events : out_) += came_;
    return Ok{};
  }
  Block& block = found->second;
  if (!block.is_held && block.scan) return PassString(raw, glance, block);
  if (!block.is_held) {
    out_ += came_;
    return Ok{};
  }
  block.events += came_;
  const auto text = dialect::JsonString{*glance.contents}.Decode(kMostEvent);
  if (!text) return Unreadable();
  block.input += *text;
  if (block.scan) RETURN_IF_ERROR(block.scan->Feed(*text, terms_.workspace()));
  if (block.events.size() > kMostHeld) {
    out_ += block.begun + block.events;
    block.begun.clear();
    block.events.clear();
    block.input.clear();
    block.is_held = false;
  }
  return Ok{};
}

// Lets the event go on with what may go on of its string.
Status AnswerScreen::PassString(std::string_view raw, const Glance& glance, Block& block) {
  const std::string_view contents = *glance.contents;
  const auto text = dialect::JsonString{contents}.Decode(kMostEvent);
  if (!text) return Unreadable();
  ASSIGN_OR_RETURN(const std::string_view out, block.scan->Feed(*text, terms_.workspace()));
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
    if (block.is_held) {
      RETURN_IF_ERROR(EndHeld(index, block));
      blocks_.erase(found);
      return Ok{};
    }
    if (block.scan) RETURN_IF_ERROR(EndScan(block, index));
    blocks_.erase(found);
  }
  out_ += came_;
  return Ok{};
}

Status AnswerScreen::EndScan(Block& block, int64_t index) {
  ASSIGN_OR_RETURN(const std::string_view rest, block.scan->Finish(terms_.workspace()));
  if (!rest.empty()) AppendDelta(block, index, rest);
  Note(*block.scan, block, index);
  return Ok{};
}

Status AnswerScreen::EndHeld(int64_t index, Block& block) {
  if (block.scan) {
    RETURN_IF_ERROR(block.scan->Finish(terms_.workspace()));
    Note(*block.scan, block, index);
  }
  Restored restored = RestoreOriginals(block.input, terms_.original);
  restored_ += restored.times;
  out_ += block.begun;
  if (restored.times == 0) {
    out_ += block.events;
  } else {
    AppendDelta(block, index, restored.json);
  }
  out_ += came_;
  return Ok{};
}

void AnswerScreen::AppendDelta(const Block& block, int64_t index, std::string_view text) {
  const bool is_tool = IsTool(block.type);
  out_ += R"(event: content_block_delta
data: {"type":"content_block_delta","index":)" +
          std::to_string(index) + R"(,"delta":{"type":")" + (is_tool ? "input_json_delta" : "text_delta") +
          "\",\"" + (is_tool ? "partial_json" : "text") + "\":";
  AppendJsonString(out_, text);
  out_ += "}}\n\n";
}

bool AnswerScreen::holds() const {
  return std::any_of(blocks_.begin(), blocks_.end(), [](const auto& block) {
    return !block.second.is_held && block.second.scan && block.second.scan->held() > 0;
  });
}

std::string_view AnswerScreen::Release() {
  out_.clear();
  for (auto& [index, block] : blocks_) {
    if (block.is_held || !block.scan) continue;
    const std::string_view text = block.scan->Release();
    if (!text.empty()) AppendDelta(block, index, text);
  }
  return out_;
}

// What is to be done with it. In answers no file is named, and nothing is blocked: what would be is replaced.
wire::SecretAction AnswerScreen::ActionFor(const secrets::Finding& finding, Found& found) const {
  found.rule = terms_.scanner->rules().rules[finding.rule].id;
  found.fingerprint = FingerprintOf(terms_.fingerprint_key(), finding.secret);
  found.length = static_cast<uint32_t>(finding.secret.size());
  if (terms_.policy != nullptr && !terms_.policy->AllowsSecret(found.fingerprint, terms_.now).empty())
    return wire::SECRET_ACTION_OFF;
  const policy::SecretVerdict verdict = terms_.orders.Judge(found.rule, "");
  found.policy_rule = verdict.rule;
  return verdict.action == wire::SECRET_ACTION_BLOCK ? wire::SECRET_ACTION_REDACT : verdict.action;
}

std::string AnswerScreen::Replaced(const secrets::Finding& finding, std::string_view original) {
  Found found;
  if (ActionFor(finding, found) != wire::SECRET_ACTION_REDACT) return {};
  std::string placeholder = secrets::PlaceholderFor(terms_.keys->placeholder.view(), original);
  if (terms_.keep) terms_.keep(placeholder, original);
  return placeholder;
}

void AnswerScreen::Note(const secrets::StreamScan& scan, const Block& block, int64_t index) {
  for (const secrets::StreamFinding& one : scan.findings()) {
    if (found_.size() >= kMostFound) return;
    Found found;
    found.action = ActionFor(one.finding, found);
    if (found.action == wire::SECRET_ACTION_OFF) continue;
    if (!one.replaced) found.action = wire::SECRET_ACTION_WARN;
    found.place.part = PartOf(block.type);
    found.place.block = static_cast<uint32_t>(index);
    found.place.tool = block.tool;
    found_.push_back(std::move(found));
  }
}

// An answer that isn't a stream.
Status AnswerScreen::TakeObject() {
  std::vector<Block> blocks;
  if (!ReadObject(blocks)) return Unreadable();
  size_t copied = 0;
  int64_t index = 0;
  for (Block& block : blocks) {
    if (block.contents.data() != nullptr) {
      std::string out;
      RETURN_IF_ERROR(ScreenPart(block, index, block.contents, out));
      const auto at = static_cast<size_t>(block.contents.data() - input_.data());
      out_ += std::string_view(input_).substr(copied, at - copied);
      out_ += out;
      copied = at + block.contents.size();
    }
    ++index;
  }
  out_ += std::string_view(input_).substr(copied);
  return Ok{};
}

bool AnswerScreen::ReadObject(std::vector<Block>& blocks) {
  const std::string_view text = input_;
  if (!json_.Open(text) || !json_.EnterObject()) return false;
  std::string_view key;
  while (json_.NextMember(key)) {
    if (key != "content" || json_.Peek() != dialect::JsonKind::kArray) {
      json_.Skip();
      continue;
    }
    json_.EnterArray();
    while (json_.NextElement()) {
      if (blocks.size() >= kMostBlocks || !json_.EnterObject()) return false;
      Block& block = blocks.emplace_back();
      while (json_.NextMember(key)) {
        const bool is_string = json_.Peek() == dialect::JsonKind::kString;
        if (key == "type" && is_string) {
          block.type = json_.TakeString()->raw;
        } else if (key == "name" && is_string) {
          block.tool = json_.TakeString()->raw;
        } else if ((key == "text" || key == "thinking") && is_string) {
          block.contents = json_.TakeString()->raw;
        } else if (key == "input") {
          const size_t begin = json_.position();
          json_.Skip();
          block.contents = text.substr(begin, json_.position() - begin);
        } else {
          json_.Skip();
        }
      }
    }
  }
  return json_.Finish();
}

// A string's contents, or a tool's input as it stands.
Status AnswerScreen::ScreenPart(Block& block, int64_t index, std::string_view contents, std::string& out) {
  const bool restores = Restores(block.type, block.tool);
  block.scan = ScanFor(block.type, !restores);
  out = contents;
  if (block.scan) {
    const bool is_tool = IsTool(block.type);
    std::optional<std::string> text(contents);
    if (!is_tool) text = dialect::JsonString{contents}.Decode(kMostWhole);
    if (!text) return Unreadable();
    ASSIGN_OR_RETURN(const std::string_view first, block.scan->Feed(*text, terms_.workspace()));
    std::string changed(first);
    ASSIGN_OR_RETURN(const std::string_view rest, block.scan->Finish(terms_.workspace()));
    changed += rest;
    Note(*block.scan, block, index);
    if (changed != *text) {
      const std::string escaped = JsonString(changed);
      out = is_tool ? changed : escaped.substr(1, escaped.size() - 2);
    }
  }
  if (!restores) return Ok{};
  Restored restored = RestoreOriginals(out, terms_.original);
  restored_ += restored.times;
  out = std::move(restored.json);
  return Ok{};
}

}  // namespace postern::screening
