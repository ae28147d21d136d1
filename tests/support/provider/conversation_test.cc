#include "tests/support/provider/conversation.h"

#include <gtest/gtest.h>

#include "tests/support/provider/json_text.h"

namespace postern::provider {
namespace {

Conversation Read(const std::string& messages, const std::string& more = "") {
  const auto conversation =
      ReadConversation("{\"model\":\"claude-opus-5-5\",\"messages\":[" + messages + "]" + more + "}");
  EXPECT_TRUE(conversation);
  return conversation.value_or(Conversation());
}

constexpr const char* kPrompt =
    R"({"role":"user","content":[{"type":"text","text":"do it"},{"type":"text","text":"now"}]})";
constexpr const char* kCall =
    R"({"role":"assistant","content":[{"type":"tool_use","id":"t","name":"Bash","input":{}}]})";
constexpr const char* kResult =
    R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"first"}]})";
constexpr const char* kTwoResults = R"({"role":"user","content":[
    {"type":"tool_result","tool_use_id":"t","content":"second"},
    {"type":"tool_result","tool_use_id":"u","content":[{"type":"text","text":"third"}]},
    {"type":"text","text":"a reminder"}]})";
const std::string kComma = ",";

TEST(ReadConversation, FindsThePromptBehindTheResultsOfTools) {
  const Conversation conversation = Read(R"({"role":"user","content":"old"},)" + (kPrompt + kComma) + kCall +
                                         kComma + kResult + kComma + kCall + kComma + kTwoResults);
  EXPECT_EQ(conversation.model, "claude-opus-5-5");
  EXPECT_EQ(conversation.prompt, "do it\nnow");
  EXPECT_EQ(conversation.results, 3U);
  EXPECT_EQ(conversation.last_result, "third");
  EXPECT_EQ(conversation.messages, 6U);
  EXPECT_FALSE(conversation.stream);
}

TEST(ReadConversation, AnEarlierPromptsResultsDontCount) {
  const Conversation conversation =
      Read(kPrompt + kComma + kCall + kComma + kResult + R"(,{"role":"user","content":"next"})" +
           R"(,{"role":"system","content":"a note"})");
  EXPECT_EQ(conversation.prompt, "next");
  EXPECT_EQ(conversation.results, 0U);
}

TEST(ReadConversation, KnowsWhichToolsAreOffered) {
  EXPECT_TRUE(Read(kPrompt).Offers("Bash"));  // a request without tools may be given any
  const Conversation one = Read(kPrompt, R"(,"stream":true,"tools":[{"name":"Read"}])");
  EXPECT_TRUE(one.stream);
  EXPECT_TRUE(one.Offers("Read"));
  EXPECT_FALSE(one.Offers("Bash"));
  EXPECT_FALSE(Read(kPrompt, R"(,"tools":[])").Offers("Bash"));
}

TEST(ReadConversation, TellsThinkingThatWasChanged) {
  const auto with = [](const std::string& thinking, const std::string& signature) {
    return Read(
        std::string(kPrompt) +
        R"(,{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"thinking","thinking":)" +
        Quote(thinking) + ",\"signature\":" + Quote(signature) + "}]}");
  };
  EXPECT_EQ(with("as it was", SignatureOf("as it was")).forged_thinking, "");
  EXPECT_EQ(with("as it wasn't", SignatureOf("as it was")).forged_thinking, "messages.1.content.1");
  EXPECT_EQ(with("as it was", "").forged_thinking, "messages.1.content.1");
}

TEST(ReadConversation, KnowsWhatIsToBeCached) {
  EXPECT_EQ(Read(kPrompt).cached_bytes, 0U);
  const Conversation marked =
      Read(R"({"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]})");
  EXPECT_GT(marked.cached_bytes, 50U);
  EXPECT_LT(marked.cached_bytes, marked.bytes);
  EXPECT_FALSE(marked.cached_for_an_hour);
  EXPECT_TRUE(
      Read(
          R"({"role":"user","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]})")
          .cached_for_an_hour);
}

TEST(ReadConversation, RefusesWhatTheProviderRefuses) {
  EXPECT_EQ(ReadConversation("{").error().message, "The request body is not valid JSON.");
  EXPECT_EQ(ReadConversation("[]").error().message, "Input should be a valid dictionary");
  EXPECT_EQ(ReadConversation("{}").error().message, "model: Field required");
  EXPECT_EQ(ReadConversation(R"({"model":"m"})").error().message, "messages: Field required");
  EXPECT_EQ(ReadConversation(R"({"model":"m","messages":[]})").error().message,
            "messages: at least one message is required");
  EXPECT_EQ(ReadConversation(R"({"model":"m","messages":[1]})").error().message,
            "messages: Input should be a valid list");
}

}  // namespace
}  // namespace postern::provider
