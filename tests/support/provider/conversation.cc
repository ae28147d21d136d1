#include "tests/support/provider/conversation.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "shared/base/base64.h"
#include "shared/crypto/sha256.h"

namespace postern::provider {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kSignaturePrefix = "EuYBpostern";
constexpr std::string_view kCacheMark = "\"cache_control\"";

std::string StringIn(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// `content` is a string or an array of blocks.
std::string TextOf(const Json& content) {
  if (content.is_string()) return content.get<std::string>();
  std::string text;
  if (!content.is_array()) return text;
  for (const Json& block : content) {
    if (!block.is_object() || StringIn(block, "type") != "text") continue;
    if (!text.empty()) text += '\n';
    text += StringIn(block, "text");
  }
  return text;
}

const Json& ContentOf(const Json& message) {
  static const Json kNothing;
  const auto content = message.find("content");
  return content == message.end() ? kNothing : *content;
}

size_t CountResults(const Json& content, std::string& last) {
  size_t count = 0;
  if (!content.is_array()) return count;
  for (const Json& block : content) {
    if (!block.is_object() || StringIn(block, "type") != "tool_result") continue;
    ++count;
    last = TextOf(ContentOf(block));
  }
  return count;
}

void ReadPrompt(const Json& messages, Conversation& into) {
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (StringIn(*message, "role") != "user") continue;
    std::string last;
    const size_t results = CountResults(ContentOf(*message), last);
    if (into.results == 0) into.last_result = last;
    into.results += results;
    if (results > 0) continue;
    into.prompt = TextOf(ContentOf(*message));
    return;
  }
}

std::string FindForgery(const Json& messages) {
  for (size_t i = 0; i < messages.size(); ++i) {
    const Json& content = ContentOf(messages[i]);
    for (size_t k = 0; content.is_array() && k < content.size(); ++k) {
      const Json& block = content[k];
      if (!block.is_object() || StringIn(block, "type") != "thinking") continue;
      if (StringIn(block, "signature") != SignatureOf(StringIn(block, "thinking"))) {
        return "messages." + std::to_string(i) + ".content." + std::to_string(k);
      }
    }
  }
  return "";
}

void ReadCacheMarks(std::string_view body, Conversation& into) {
  const size_t last = body.rfind(kCacheMark);
  if (last == std::string_view::npos) return;
  into.cached_bytes = last;
  const std::string_view mark = body.substr(last, body.substr(last).find('}'));
  into.cached_for_an_hour = mark.find("\"1h\"") != std::string_view::npos;
}

}  // namespace

bool Conversation::Offers(std::string_view tool) const {
  return !names_tools || std::find(tools.begin(), tools.end(), tool) != tools.end();
}

std::string SignatureOf(std::string_view thinking) {
  const crypto::Digest digest = crypto::Sha256(thinking);
  return std::string(kSignaturePrefix) + ToBase64(crypto::AsBytes(digest));
}

Result<Conversation> ReadConversation(std::string_view body) {
  const Json request = Json::parse(body, nullptr, false);
  if (request.is_discarded()) return Error{ErrorCode::kInvalid, "The request body is not valid JSON."};
  if (!request.is_object()) return Error{ErrorCode::kInvalid, "Input should be a valid dictionary"};
  Conversation conversation;
  conversation.bytes = body.size();
  conversation.model = StringIn(request, "model");
  if (conversation.model.empty()) return Error{ErrorCode::kInvalid, "model: Field required"};
  const auto messages = request.find("messages");
  if (messages == request.end()) return Error{ErrorCode::kInvalid, "messages: Field required"};
  const bool objects =
      messages->is_array() && std::all_of(messages->begin(), messages->end(),
                                          [](const Json& message) { return message.is_object(); });
  if (!objects) return Error{ErrorCode::kInvalid, "messages: Input should be a valid list"};
  if (messages->empty()) return Error{ErrorCode::kInvalid, "messages: at least one message is required"};
  conversation.messages = messages->size();
  const auto stream = request.find("stream");
  conversation.stream = stream != request.end() && stream->is_boolean() && stream->get<bool>();
  const auto most = request.find("max_tokens");
  if (most != request.end() && most->is_number_integer()) conversation.max_tokens = most->get<int64_t>();
  const auto tools = request.find("tools");
  conversation.names_tools = tools != request.end() && tools->is_array();
  if (conversation.names_tools) {
    for (const Json& tool : *tools) {
      if (tool.is_object()) conversation.tools.push_back(StringIn(tool, "name"));
    }
  }
  ReadPrompt(*messages, conversation);
  conversation.forged_thinking = FindForgery(*messages);
  ReadCacheMarks(body, conversation);
  return conversation;
}

}  // namespace postern::provider
