#include "tests/support/provider/answer.h"

#include <algorithm>
#include <cstdio>

#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"
#include "tests/support/provider/json_text.h"

namespace postern::provider {
namespace {

constexpr size_t kDeltaBytes = 24;
constexpr size_t kEchoBytes = 200;
constexpr size_t kBytesPerToken = 4;
constexpr std::string_view kFiller = "The quick brown fox jumps over the lazy dog. ";

std::string Id(std::string_view prefix, std::string_view seed) {
  return std::string(prefix) + ToHex(crypto::AsBytes(crypto::Sha256(seed))).substr(0, 22);
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The end of the last whole character of UTF-8 at or after `at`.
size_t CharacterEnd(std::string_view text, size_t at) {
  at = std::min(at, text.size());
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  return at;
}

std::string_view Tail(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  return text.substr(CharacterEnd(text, text.size() - most));
}

std::string Repeated(std::string_view text, size_t size) {
  std::string out;
  out.reserve(size + text.size());
  while (out.size() < size) out += text;
  out.resize(size);
  return out;
}

std::vector<std::string> Pieces(std::string_view text, size_t size) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const size_t end = CharacterEnd(text, size);
    pieces.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return pieces;
}

// What the model says: the plan's blocks, or the next step of its loop, or an echo.
class Content {
 public:
  Content(const Plan& plan, const Conversation& conversation) : plan_(plan), conversation_(conversation) {
    const auto calls =
        static_cast<size_t>(std::count_if(plan.blocks.begin(), plan.blocks.end(),
                                          [](const Block& b) { return b.kind == Block::Kind::kToolUse; }));
    if (plan.loop > 0) {
      Loop();
    } else if (calls > 0 && (conversation.results > 0 || !OffersAll())) {
      Say(AfterTools(calls));
    } else if (plan.blocks.empty()) {
      Say(plan.events > 0 ? std::string(kFiller)
                          : "You said: " + std::string(Tail(conversation.prompt, kEchoBytes)));
    } else {
      blocks_ = plan.blocks;
    }
    if (plan.events > 0) {
      for (Block& block : blocks_) {
        if (block.kind == Block::Kind::kText)
          block.text = Repeated(block.text.empty() ? kFiller : block.text, plan.events * delta_bytes());
      }
    }
  }

  const std::vector<Block>& blocks() const { return blocks_; }
  size_t delta_bytes() const { return plan_.size > 0 ? plan_.size : kDeltaBytes; }

  bool calls_tools() const {
    return std::any_of(blocks_.begin(), blocks_.end(),
                       [](const Block& b) { return b.kind == Block::Kind::kToolUse; });
  }

 private:
  void Say(std::string text) { blocks_.push_back({Block::Kind::kText, std::move(text)}); }

  bool OffersAll() const {
    return std::all_of(plan_.blocks.begin(), plan_.blocks.end(), [&](const Block& block) {
      return block.kind != Block::Kind::kToolUse || conversation_.Offers(block.name);
    });
  }

  void Loop() {
    const size_t step = conversation_.results + 1;
    const auto steps = static_cast<size_t>(plan_.loop);
    if (step > steps || !conversation_.Offers("Bash")) {
      Say(AfterTools(steps));
      return;
    }
    Say("Step " + std::to_string(step) + " of " + std::to_string(steps) + ".");
    blocks_.push_back(
        {Block::Kind::kToolUse,
         R"({"command":"echo step-)" + std::to_string(step) + R"(","description":"Say which step this is"})",
         "Bash"});
  }

  std::string AfterTools(size_t calls) const {
    if (!plan_.then.empty()) return plan_.then;
    if (conversation_.results == 0) return "There is no such tool here.";
    return "Done after " + std::to_string(calls) +
           " tool calls; the last result was: " + std::string(Tail(conversation_.last_result, kEchoBytes));
  }

  const Plan& plan_;
  const Conversation& conversation_;
  std::vector<Block> blocks_;
};

std::string UsageText(const Tokens& tokens, int64_t output, bool details) {
  std::string text =
      "{\"input_tokens\":" + std::to_string(tokens.input) +
      ",\"cache_creation_input_tokens\":" + std::to_string(tokens.cache_write_5m + tokens.cache_write_1h) +
      ",\"cache_read_input_tokens\":" + std::to_string(tokens.cache_read) +
      ",\"cache_creation\":{\"ephemeral_5m_input_tokens\":" + std::to_string(tokens.cache_write_5m) +
      ",\"ephemeral_1h_input_tokens\":" + std::to_string(tokens.cache_write_1h) +
      "},\"output_tokens\":" + std::to_string(output);
  if (details)
    text += ",\"output_tokens_details\":{\"thinking_tokens\":" + std::to_string(tokens.thinking) + "}";
  if (details && tokens.web_searches > 0) {
    text += ",\"server_tool_use\":{\"web_search_requests\":" + std::to_string(tokens.web_searches) +
            ",\"web_fetch_requests\":0}";
  }
  return text + ",\"service_tier\":\"standard\",\"inference_geo\":\"not_available\"}";
}

// Writes one answer in either form.
class Composer {
 public:
  Composer(const Plan& plan, const Conversation& conversation, uint64_t number)
      : plan_(plan), conversation_(conversation), number_(number), content_(plan, conversation) {
    size_t answer_bytes = 0;
    size_t thinking_bytes = 0;
    for (const Block& block : content_.blocks()) {
      answer_bytes += block.text.size() + block.name.size();
      if (block.kind == Block::Kind::kThinking) thinking_bytes += block.text.size();
    }
    tokens_ = CountTokens(conversation, answer_bytes, thinking_bytes);
    Override(plan.tokens);
  }

  Answer Json() {
    Answer answer{200, "application/json", "", {}};
    std::string blocks;
    for (const Block& block : content_.blocks()) {
      if (!blocks.empty()) blocks += ',';
      blocks += WholeBlock(block);
    }
    std::string body = Message(blocks, Quote(StopReason()), tokens_.output, true);
    if (plan_.odd) body = SpellOddly(body, *plan_.odd, Lines::kMany);
    answer.parts.push_back({std::move(body), tokens_});
    return answer;
  }

  Answer Events() {
    if (plan_.byte_order_mark) parts_.push_back({"\xef\xbb\xbf"});
    Tokens begun = tokens_;
    begun.output = 1;
    begun.thinking = begun.web_searches = 0;
    Add("message_start", "\"message\":" + Message("", "null", 1, false), begun);
    for (const Block& block : content_.blocks()) AddBlock(block);
    Add("message_delta",
        "\"delta\":{\"stop_reason\":" + Quote(StopReason()) + ",\"stop_sequence\":null}" +
            (Contains(plan_.omitted, "usage") ? ""
                                              : ",\"usage\":" + UsageText(tokens_, tokens_.output, true)),
        tokens_);
    Add("message_stop", "");
    BreakOff();
    return {200, "text/event-stream; charset=utf-8", "cache-control: no-cache\r\n", std::move(parts_)};
  }

 private:
  void Override(const TokenOverrides& wanted) {
    tokens_.input = wanted.input.value_or(tokens_.input);
    tokens_.output = wanted.output.value_or(tokens_.output);
    tokens_.cache_read = wanted.cache_read.value_or(tokens_.cache_read);
    tokens_.cache_write_5m = wanted.cache_write_5m.value_or(tokens_.cache_write_5m);
    tokens_.cache_write_1h = wanted.cache_write_1h.value_or(tokens_.cache_write_1h);
    tokens_.thinking = wanted.thinking.value_or(tokens_.thinking);
    tokens_.web_searches = wanted.web_searches.value_or(tokens_.web_searches);
    is_cut_short_ =
        plan_.within_max_tokens && conversation_.max_tokens && tokens_.output > *conversation_.max_tokens;
    if (is_cut_short_) tokens_.output = *conversation_.max_tokens;
  }

  std::string StopReason() const {
    if (!plan_.stop_reason.empty()) return plan_.stop_reason;
    if (is_cut_short_) return "max_tokens";
    return content_.calls_tools() ? "tool_use" : "end_turn";
  }

  std::string Message(const std::string& blocks, const std::string& stop_reason, int64_t output,
                      bool details) const {
    const std::string& model = plan_.model.empty() ? conversation_.model : plan_.model;
    std::string text = "{\"model\":" + Quote(model) +
                       ",\"id\":" + Quote(Id("msg_01", std::to_string(number_))) +
                       R"(,"type":"message","role":"assistant","content":[)" + blocks +
                       "],\"stop_reason\":" + stop_reason + ",\"stop_sequence\":null";
    if (!Contains(plan_.omitted, "usage")) text += ",\"usage\":" + UsageText(tokens_, output, details);
    return text + "}";
  }

  // Unique within a conversation, and the same when the same request comes again.
  std::string ToolId() {
    return Id("toolu_01", conversation_.prompt + "#" + std::to_string(conversation_.messages) + "#" +
                              std::to_string(index_));
  }

  std::string WholeBlock(const Block& block) {
    ++index_;
    switch (block.kind) {
      case Block::Kind::kText: return "{\"type\":\"text\",\"text\":" + Quote(block.text) + "}";
      case Block::Kind::kThinking:
        return "{\"type\":\"thinking\",\"thinking\":" + Quote(block.text) +
               ",\"signature\":" + Quote(SignatureOf(block.text)) + "}";
      case Block::Kind::kRedactedThinking:
        return "{\"type\":\"redacted_thinking\",\"data\":" + Quote(block.text) + "}";
      case Block::Kind::kToolUse:
        return "{\"type\":\"tool_use\",\"id\":" + Quote(ToolId()) + ",\"name\":" + Quote(block.name) +
               ",\"input\":" + block.text + "}";
    }
    return "";
  }

  void AddBlock(const Block& block) {
    ++index_;
    const std::string at = "\"index\":" + std::to_string(index_ - 1);
    std::string start;
    std::string delta;
    std::string member;
    switch (block.kind) {
      case Block::Kind::kText:
        start = R"({"type":"text","text":""})";
        delta = "text_delta";
        member = "text";
        break;
      case Block::Kind::kThinking:
        start = R"({"type":"thinking","thinking":"","signature":""})";
        delta = "thinking_delta";
        member = "thinking";
        break;
      case Block::Kind::kRedactedThinking:
        start = "{\"type\":\"redacted_thinking\",\"data\":" + Quote(block.text) + "}";
        break;
      case Block::Kind::kToolUse:
        start = "{\"type\":\"tool_use\",\"id\":" + Quote(ToolId()) + ",\"name\":" + Quote(block.name) +
                ",\"input\":{}}";
        delta = "input_json_delta";
        member = "partial_json";
        break;
    }
    Add("content_block_start", at + ",\"content_block\":" + start);
    if (index_ == 1) Add("ping", "");
    const auto add_delta = [&](std::string_view type, std::string_view name, std::string_view text) {
      Add("content_block_delta", at + ",\"delta\":{\"type\":\"" + std::string(type) + "\",\"" +
                                     std::string(name) + "\":" + Quote(text) + "}");
      ++deltas_;
      if (plan_.ping_every > 0 && deltas_ % plan_.ping_every == 0) Add("ping", "");
      if (plan_.comment_every > 0 && deltas_ % plan_.comment_every == 0)
        parts_.push_back({": still here" + Line() + Line()});
    };
    // The real provider begins a tool's input with an empty piece.
    if (block.kind == Block::Kind::kToolUse) add_delta(delta, member, "");
    if (!delta.empty()) {
      for (const std::string& piece : Pieces(block.text, content_.delta_bytes()))
        add_delta(delta, member, piece);
    }
    if (block.kind == Block::Kind::kThinking)
      add_delta("signature_delta", "signature", SignatureOf(block.text));
    Add("content_block_stop", at);
  }

  std::string Line() const {
    switch (plan_.line_end) {
      case LineEnd::kLf: return "\n";
      case LineEnd::kCrLf: return "\r\n";
      case LineEnd::kCr: return "\r";
    }
    return "";
  }

  void Add(std::string_view name, std::string_view members, std::optional<Tokens> tells = std::nullopt) {
    if (Contains(plan_.omitted, name)) return;
    std::string data = "{\"type\":" + Quote(name);
    if (!members.empty()) data += ",";
    data += members;
    data += "}";
    if (plan_.odd) data = SpellOddly(data, *plan_.odd + parts_.size(), Lines::kOne);
    const std::string colon = plan_.no_space ? ":" : ": ";
    if (Contains(plan_.omitted, "usage")) tells.reset();
    parts_.push_back(
        {"event" + colon + std::string(name) + Line() + "data" + colon + data + Line() + Line(), tells});
  }

  // An error takes the place of everything after so many events.
  void BreakOff() {
    if (plan_.error_event.empty()) return;
    parts_.resize(std::min(parts_.size(), plan_.after.value_or(parts_.size())));
    const std::string message = plan_.message.empty() ? "Overloaded" : plan_.message;
    Add("error", "\"error\":{\"type\":" + Quote(plan_.error_event) + ",\"message\":" + Quote(message) +
                     "},\"request_id\":" + Quote(RequestId(number_)));
  }

  const Plan& plan_;
  const Conversation& conversation_;
  const uint64_t number_;
  const Content content_;
  Tokens tokens_;
  bool is_cut_short_ = false;  // more was asked for than max_tokens allow
  std::vector<Part> parts_;
  size_t index_ = 0;
  size_t deltas_ = 0;
};

Answer Refusal(const Plan& plan, uint64_t number) {
  const std::string message =
      plan.message.empty() ? "The simulated provider was told to answer so." : plan.message;
  Answer answer{
      plan.status, "application/json", "", {{ErrorBody(plan.status, plan.error_type, message, number)}}};
  if (plan.retry_after) answer.extra_headers += "retry-after: " + std::to_string(*plan.retry_after) + "\r\n";
  if (plan.should_retry)
    answer.extra_headers +=
        std::string("x-should-retry: ") + (*plan.should_retry ? "true" : "false") + "\r\n";
  return answer;
}

}  // namespace

Tokens& Tokens::operator+=(const Tokens& other) {
  input += other.input;
  output += other.output;
  cache_read += other.cache_read;
  cache_write_5m += other.cache_write_5m;
  cache_write_1h += other.cache_write_1h;
  thinking += other.thinking;
  web_searches += other.web_searches;
  return *this;
}

Tokens CountTokens(const Conversation& conversation, size_t answer_bytes, size_t thinking_bytes) {
  const auto tokens_of = [](size_t bytes) { return static_cast<int64_t>(bytes / kBytesPerToken); };
  Tokens tokens;
  const int64_t cached = tokens_of(conversation.cached_bytes);
  tokens.input = std::max<int64_t>(tokens_of(conversation.bytes) - cached, 1);
  if (conversation.messages > 1) tokens.cache_read = cached * 4 / 5;
  (conversation.cached_for_an_hour ? tokens.cache_write_1h : tokens.cache_write_5m) =
      cached - tokens.cache_read;
  tokens.output = tokens_of(answer_bytes) + 2;
  tokens.thinking = tokens_of(thinking_bytes);
  return tokens;
}

Answer Compose(const Plan& plan, const Conversation& conversation, uint64_t number) {
  if (plan.body) return {plan.status, plan.content_type, "", {{*plan.body}}};
  if (plan.status != 200) return Refusal(plan, number);
  Composer composer(plan, conversation, number);
  const bool events = plan.form == Form::kAsAsked ? conversation.stream : plan.form == Form::kEvents;
  return events ? composer.Events() : composer.Json();
}

std::string ErrorTypeOf(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 402: return "billing_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 413: return "request_too_large";
    case 429: return "rate_limit_error";
    case 504: return "timeout_error";
    case 529: return "overloaded_error";
    default: return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::string ErrorBody(int status, std::string type, const std::string& message, uint64_t number) {
  if (type.empty()) type = ErrorTypeOf(status);
  return R"({"type":"error","error":{"type":)" + Quote(type) + ",\"message\":" + Quote(message) +
         "},\"request_id\":" + Quote(RequestId(number)) + "}";
}

std::string RequestId(uint64_t number) { return Id("req_011", std::to_string(number)); }

}  // namespace postern::provider
