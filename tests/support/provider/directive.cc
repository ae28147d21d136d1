#include "tests/support/provider/directive.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "shared/base/base64.h"

namespace postern::provider {
namespace {

constexpr std::string_view kOpening = "[[postern";
constexpr std::string_view kClosing = "]]";
constexpr std::string_view kSpace = " \t\r\n";

bool IsSpace(char c) { return kSpace.find(c) != std::string_view::npos; }

// The length of the JSON string or object at the front, by its quotes and braces; npos if it doesn't end.
size_t JsonLength(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (!in_string && c == '{') ++depth;
    if (!in_string && c == '}') --depth;
    if (!in_string && depth == 0 && (c == '"' || c == '}')) return i + 1;
  }
  return std::string_view::npos;
}

// Takes words and values off the front of a directive.
class Items {
 public:
  explicit Items(std::string_view text) : rest_(text) {}

  bool AtEnd() {
    SkipSpace();
    return rest_.empty() || rest_.starts_with(kClosing);
  }

  std::string TakeKey() {
    SkipSpace();
    return std::string(Take(EndOf("=\"{")));
  }

  Result<std::string> TakeValue(const std::string& key) {
    SkipSpace();
    if (rest_.starts_with('=')) rest_.remove_prefix(1);
    SkipSpace();
    if (AtEnd()) return Error{ErrorCode::kInvalid, key + " wants a value"};
    if (!rest_.starts_with('"')) return std::string(Take(EndOf("")));
    const size_t length = JsonLength(rest_);
    if (length == std::string_view::npos)
      return Error{ErrorCode::kInvalid, "the string of " + key + " doesn't end"};
    const auto value = nlohmann::json::parse(Take(length), nullptr, false);
    if (!value.is_string()) return Error{ErrorCode::kInvalid, "the string of " + key + " is not one of JSON"};
    return value.get<std::string>();
  }

  // NAME{…}
  Result<Block> TakeTool() {
    SkipSpace();
    if (rest_.starts_with('=')) rest_.remove_prefix(1);
    SkipSpace();
    Block block{Block::Kind::kToolUse, "{}", std::string(Take(EndOf("{")))};
    if (block.name.empty()) return Error{ErrorCode::kInvalid, "tool wants a name"};
    if (!rest_.starts_with('{')) return block;
    const size_t length = JsonLength(rest_);
    if (length == std::string_view::npos)
      return Error{ErrorCode::kInvalid, "the input of a tool doesn't end"};
    block.text = Take(length);
    return block;
  }

 private:
  void SkipSpace() {
    while (!rest_.empty() && IsSpace(rest_.front())) rest_.remove_prefix(1);
  }

  size_t EndOf(std::string_view stops) const {
    size_t end = 0;
    while (end < rest_.size() && !IsSpace(rest_[end]) && stops.find(rest_[end]) == std::string_view::npos &&
           !rest_.substr(end).starts_with(kClosing)) {
      ++end;
    }
    return end;
  }

  std::string_view Take(size_t length) {
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  std::string_view rest_;
};

using Flag = void (*)(Plan&);
using Setter = bool (*)(Plan&, const std::string&);  // false: not a value of that key

template <class T>
bool ReadNumber(const std::string& text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

template <auto Member>
bool SetNumber(Plan& plan, const std::string& value) {
  using Field = std::remove_reference_t<decltype(plan.*Member)>;
  if constexpr (requires(Field field) { field.value(); }) {
    return ReadNumber(value, (plan.*Member).emplace());
  } else {
    return ReadNumber(value, plan.*Member);
  }
}

template <auto Member>
bool SetMilliseconds(Plan& plan, const std::string& value) {
  int64_t count = 0;
  if (!ReadNumber(value, count) || count < 0) return false;
  plan.*Member = std::chrono::milliseconds(count);
  return true;
}

template <auto Member>
bool SetText(Plan& plan, const std::string& value) {
  plan.*Member = value;
  return true;
}

template <auto Member>
bool SetTokens(Plan& plan, const std::string& value) {
  return ReadNumber(value, (plan.tokens.*Member).emplace());
}

template <Block::Kind kKind>
bool AddBlock(Plan& plan, const std::string& value) {
  plan.blocks.push_back({kKind, value});
  return true;
}

template <auto Member>
bool SetBytes(Plan& plan, const std::string& value) {
  (plan.*Member).emplace(value);
  return true;
}

template <auto Member>
bool SetBase64(Plan& plan, const std::string& value) {
  auto bytes = FromBase64(value);
  if (bytes) plan.*Member = *std::move(bytes);
  return bytes.has_value();
}

bool AddOmitted(Plan& plan, const std::string& value) {
  plan.omitted.push_back(value);
  return true;
}

bool AddInterim(Plan& plan, const std::string& value) {
  int status = 0;
  if (!ReadNumber(value, status) || status / 100 != 1) return false;
  plan.interim.push_back(status);
  return true;
}

bool SetShouldRetry(Plan& plan, const std::string& value) {
  plan.should_retry = value == "true";
  return value == "true" || value == "false";
}

bool SetCut(Plan& plan, const std::string& value) {
  plan.cut = value == "rst" ? Ending::kReset : Ending::kFinish;
  return value == "rst" || value == "fin";
}

bool SetFraming(Plan& plan, const std::string& value) {
  if (value == "length") plan.framing = AnswerFraming::kLength;
  if (value == "chunked") plan.framing = AnswerFraming::kChunked;
  if (value == "close") plan.framing = AnswerFraming::kUntilClose;
  return plan.framing != AnswerFraming::kUsual;
}

bool SetMegabytes(Plan& plan, const std::string& value) {
  size_t megabytes = 0;
  plan.size = 16 * 1024;
  const bool is_number = ReadNumber(value, megabytes);
  plan.events = megabytes * 1024 * 1024 / plan.size;
  return is_number && megabytes <= 1024;
}

template <class What>
struct Named {
  std::string_view name;
  What what;
};

constexpr auto kFlags = std::to_array<Named<Flag>>({
    {"gzip", [](Plan& plan) { plan.coding = Coding::kGzip; }},
    {"br", [](Plan& plan) { plan.coding = Coding::kBrotli; }},
    {"http10", [](Plan& plan) { plan.http_1_0 = true; }},
    {"close", [](Plan& plan) { plan.close = true; }},
    {"early", [](Plan& plan) { plan.early = true; }},
    {"stream", [](Plan& plan) { plan.form = Form::kEvents; }},
    {"json", [](Plan& plan) { plan.form = Form::kJson; }},
    {"crlf", [](Plan& plan) { plan.line_end = LineEnd::kCrLf; }},
    {"cr", [](Plan& plan) { plan.line_end = LineEnd::kCr; }},
    {"no_space", [](Plan& plan) { plan.no_space = true; }},
    {"bom", [](Plan& plan) { plan.byte_order_mark = true; }},
    {"within_max_tokens", [](Plan& plan) { plan.within_max_tokens = true; }},
});

constexpr auto kSetters = std::to_array<Named<Setter>>({
    {"text", AddBlock<Block::Kind::kText>},
    {"thinking", AddBlock<Block::Kind::kThinking>},
    {"redacted_thinking", AddBlock<Block::Kind::kRedactedThinking>},
    {"loop", SetNumber<&Plan::loop>},
    {"then", SetText<&Plan::then>},
    {"events", SetNumber<&Plan::events>},
    {"size", SetNumber<&Plan::size>},
    {"model", SetText<&Plan::model>},
    {"stop_reason", SetText<&Plan::stop_reason>},
    {"input_tokens", SetTokens<&TokenOverrides::input>},
    {"output_tokens", SetTokens<&TokenOverrides::output>},
    {"cache_read", SetTokens<&TokenOverrides::cache_read>},
    {"cache_write", SetTokens<&TokenOverrides::cache_write_5m>},
    {"cache_write_1h", SetTokens<&TokenOverrides::cache_write_1h>},
    {"thinking_tokens", SetTokens<&TokenOverrides::thinking>},
    {"web_searches", SetTokens<&TokenOverrides::web_searches>},
    {"slow_start_ms", SetMilliseconds<&Plan::slow_start>},
    {"first_event_ms", SetMilliseconds<&Plan::first_event>},
    {"pace_ms", SetMilliseconds<&Plan::pace>},
    {"hold", SetText<&Plan::hold>},
    {"hold_after", SetNumber<&Plan::hold_after>},
    {"write", SetNumber<&Plan::write>},
    {"status", SetNumber<&Plan::status>},
    {"type", SetText<&Plan::error_type>},
    {"message", SetText<&Plan::message>},
    {"retry_after", SetNumber<&Plan::retry_after>},
    {"error_event", SetText<&Plan::error_event>},
    {"after", SetNumber<&Plan::after>},
    {"cut_after", SetNumber<&Plan::cut_after>},
    {"cut_bytes", SetNumber<&Plan::cut_bytes>},
    {"pings", SetNumber<&Plan::ping_every>},
    {"comments", SetNumber<&Plan::comment_every>},
    {"odd", SetNumber<&Plan::odd>},
    {"body", SetBytes<&Plan::body>},
    {"content_type", SetText<&Plan::content_type>},
    {"raw", SetBytes<&Plan::raw>},
    {"body_base64", SetBase64<&Plan::body>},
    {"raw_base64", SetBase64<&Plan::raw>},
    {"omit", AddOmitted},
    {"interim", AddInterim},
    {"should_retry", SetShouldRetry},
    {"cut", SetCut},
    {"framing", SetFraming},
    {"huge", SetMegabytes},
});

template <class What, size_t kCount>
What Find(const std::array<Named<What>, kCount>& table, std::string_view name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& named) { return named.name == name; });
  return found == table.end() ? nullptr : found->what;
}

}  // namespace

std::optional<std::string_view> FindDirective(std::string_view text) {
  for (size_t at = text.find(kOpening); at != std::string_view::npos; at = text.find(kOpening, at + 1)) {
    const std::string_view items = text.substr(at + kOpening.size());
    if (items.starts_with(kClosing) || (!items.empty() && IsSpace(items.front()))) return items;
  }
  return std::nullopt;
}

Result<Plan> ParseDirective(std::string_view text) {
  Plan plan;
  Items items(text);
  while (!items.AtEnd()) {
    const std::string key = items.TakeKey();
    if (key == "tool") {
      ASSIGN_OR_RETURN(Block tool, items.TakeTool());
      plan.blocks.push_back(std::move(tool));
    } else if (const Flag set = Find(kFlags, key); set != nullptr) {
      set(plan);
    } else if (const Setter set_to = Find(kSetters, key); set_to != nullptr) {
      ASSIGN_OR_RETURN(const std::string value, items.TakeValue(key));
      if (!set_to(plan, value)) return Error{ErrorCode::kInvalid, "not a value of " + key + ": " + value};
    } else {
      return Error{ErrorCode::kInvalid, "not an item of a directive: \"" + key + "\""};
    }
  }
  return plan;
}

}  // namespace postern::provider
