#include "tests/support/provider/canned.h"

#include <array>
#include <charconv>

#include "tests/support/provider/answer.h"
#include "tests/support/provider/json_text.h"

namespace postern::provider {
namespace {

constexpr int64_t kInputTokens = 300;
constexpr size_t kMostBytes = 256 << 20;
constexpr std::string_view kFixedHeaders =
    "request-id: req_011CannedAnswer0000000000\r\n"
    "anthropic-organization-id: 00000000-0000-4000-8000-000000000000\r\n";

std::optional<size_t> TakeNumber(std::string_view& text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number == 0 || number > kMostBytes) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

Conversation Asked(bool stream) {
  Conversation conversation;
  conversation.model = kCannedModel;
  conversation.stream = stream;
  return conversation;
}

Plan PlanFor(int64_t output) {
  Plan plan;
  plan.tokens.input = kInputTokens;
  plan.tokens.output = output;
  return plan;
}

Tokens TokensFor(int64_t output) {
  Tokens tokens;
  tokens.input = kInputTokens;
  tokens.output = output;
  return tokens;
}

CannedAnswer MakeJson(size_t size) {
  Plan plan = PlanFor(static_cast<int64_t>(size / 4));
  plan.blocks = {{Block::Kind::kText, ""}};
  std::string body = Compose(plan, Asked(false), 0).parts[0].bytes;
  if (size > body.size()) {
    plan.blocks[0].text.assign(size - body.size(), 'x');
    body = Compose(plan, Asked(false), 0).parts[0].bytes;
  }
  CannedAnswer answer;
  answer.bytes = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + std::string(kFixedHeaders) +
                 "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  answer.tokens = TokensFor(*plan.tokens.output);
  return answer;
}

std::string DeltaOf(size_t size) {
  const auto event = [](size_t text) {
    return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":"
           "{\"type\":\"text_delta\",\"text\":\"" +
           std::string(text, 'x') + "\"}}\n\n";
  };
  const size_t least = event(1).size();
  return event(size > least ? 1 + size - least : 1);
}

CannedAnswer MakeEvents(size_t events, size_t size, std::chrono::milliseconds pace) {
  Plan plan = PlanFor(static_cast<int64_t>(events));
  plan.blocks = {{Block::Kind::kText, "x"}};
  CannedAnswer answer;
  answer.pace = pace;
  answer.tokens = TokensFor(static_cast<int64_t>(events));
  answer.bytes =
      "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n" +
      std::string(kFixedHeaders) + "transfer-encoding: chunked\r\n\r\n";
  const auto add = [&answer](const std::string& event) {
    std::array<char, 16> hex;  // NOLINT: filled below
    const auto end = std::to_chars(hex.data(), hex.data() + hex.size(), event.size(), 16).ptr;
    answer.bytes.append(hex.data(), static_cast<size_t>(end - hex.data()));
    answer.bytes += "\r\n" + event + "\r\n";
    answer.ends.push_back(answer.bytes.size());
  };
  const std::string delta = DeltaOf(size);
  for (const Part& part : Compose(plan, Asked(true), 0).parts) {
    if (part.bytes.find("content_block_delta") == std::string::npos) {
      add(part.bytes);
    } else {
      for (size_t i = 0; i < events; ++i) add(delta);
    }
  }
  answer.bytes += "0\r\n\r\n";
  answer.ends.back() = answer.bytes.size();
  return answer;
}

std::optional<CannedAnswer> Make(std::string_view spec) {
  if (!spec.starts_with("sse:")) {
    auto size = TakeNumber(spec);
    if (!size) return std::nullopt;
    if (spec == "k") size = *size << 10;
    if (spec == "m") size = *size << 20;
    if ((!spec.empty() && spec != "k" && spec != "m") || *size > kMostBytes) return std::nullopt;
    return MakeJson(*size);
  }
  spec.remove_prefix(4);
  const auto events = TakeNumber(spec);
  if (!events || !spec.starts_with('x')) return std::nullopt;
  spec.remove_prefix(1);
  const auto size = TakeNumber(spec);
  if (!size || *events * *size > kMostBytes) return std::nullopt;
  if (spec == ":burst") {
    CannedAnswer answer = MakeEvents(*events, *size, std::chrono::milliseconds(0));
    answer.ends.clear();
    return answer;
  }
  if (spec == ":writes") return MakeEvents(*events, *size, std::chrono::milliseconds(0));
  if (!spec.starts_with(":paced:")) return std::nullopt;
  spec.remove_prefix(7);
  const auto pace = TakeNumber(spec);
  if (!pace || !spec.empty()) return std::nullopt;
  return MakeEvents(*events, *size, std::chrono::milliseconds(*pace));
}

}  // namespace

const CannedAnswer* CannedAnswers::Get(std::string_view spec) {
  const auto found = made_.find(spec);
  if (found != made_.end()) return &found->second;
  if (made_.size() >= kMost) return nullptr;
  auto answer = Make(spec);
  if (!answer) return nullptr;
  return &made_.emplace(spec, *std::move(answer)).first->second;
}

}  // namespace postern::provider
