// A body that begins as one that was read, read from there on.
#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "agent/dialect/messages_request.h"

namespace postern::dialect {
namespace {

// A conversation that is edited as clients do, and as they shouldn't.
class EditedConversation {
 public:
  explicit EditedConversation(uint32_t seed) : random_(seed) {}

  std::string Next() {
    switch (random_() % 8) {
      case 0: Pick() = Message(); break;
      case 1: messages_.resize(random_() % (messages_.size() + 1)); break;
      case 2: messages_.insert(messages_.begin(), Message()); break;
      case 3: fields_[random_() % fields_.size()] = Field(); break;
      default: messages_.push_back(Message()); messages_.push_back(Message());
    }
    std::string body = "{";
    for (size_t i = 0; i < fields_.size(); ++i) body += i == where_ ? Messages() + "," : fields_[i] + ",";
    body += R"("model":"m"})";
    if (random_() % 3 != 0) return body;
    // Cut anywhere, and gone on with from anywhere.
    const size_t to = random_() % body.size(), from = random_() % body.size();
    return body.substr(0, to) + (random_() % 2 == 0 ? "" : body.substr(from));
  }

 private:
  std::string& Pick() { return messages_.empty() ? fields_.back() : messages_[random_() % messages_.size()]; }
  std::string Message() {
    static constexpr std::string_view kMessages[] = {R"({"role":"user","content":"a"})",
                                                     R"( {"content":[{"text":"\"},{"}],"cache_control":{}} )",
                                                     "3",
                                                     "[]",
                                                     R"("],\"model\":")",
                                                     "",
                                                     R"({"content":[[[{"x":1}]]]})"};
    const size_t kinds = std::size(kMessages) - (random_() % 50 == 0 ? 0 : 2);
    return std::string(kMessages[random_() % kinds]) + std::string(random_() % 40, ' ');
  }
  std::string Messages() const {
    std::string list = "\"messages\":[";
    for (size_t i = 0; i < messages_.size(); ++i) list += (i > 0 ? "," : "") + messages_[i];
    return list + "]";
  }
  std::string Field() {
    static constexpr std::string_view kFields[] = {
        R"("stream":true)",
        R"("max_tokens":20)",
        R"("tools":[{"name":"A"},{"name":"B","cache_control":{}}])",
        R"("metadata":{"user_id":"{\"session_id\":\"s-1\"}"})",
        R"("x":[1,2])",
        R"("tool_choice":{"type":"tool","name":"A"})",
        R"("messages":[1,2,3])"};
    return std::string(kFields[random_() % std::size(kFields)]);
  }

  std::mt19937 random_;
  std::vector<std::string> messages_ = {"{}"};
  std::vector<std::string> fields_ = {R"("x":1)", R"("y":2)", R"("z":3)", R"("u":4)"};
  size_t where_ = random_() % 4;
};

TEST(ReadingOn, GoesOnFromWhatIsTheSameAsIfItReadAllOfIt) {
  JsonCursor json;
  int accepted = 0, went_on = 0;
  for (uint32_t seed = 0; seed < 1'000; ++seed) {
    EditedConversation conversation(seed);
    RequestBeginning beginning;
    std::string before;
    for (int turn = 0; turn < 40; ++turn) {
      const std::string body = conversation.Next();
      const auto differs = std::mismatch(before.begin(), before.end(), body.begin(), body.end()).first;
      const auto same = static_cast<size_t>(differs - before.begin());
      went_on += !beginning.points.empty() && beginning.points.front().at <= same;
      const auto facts = ReadMessagesRequest(body, json, same, beginning);
      const auto fresh = ReadMessagesRequest(body, json);
      ASSERT_EQ(facts.has_value(), fresh.has_value()) << before << "\n" << body;
      if (facts) {
        ASSERT_EQ(*facts, *fresh) << before << "\n" << body;
      } else {
        ASSERT_EQ(facts.error().message, fresh.error().message) << before << "\n" << body;
      }
      accepted += facts.has_value();
      before = facts ? body : "";
    }
  }
  EXPECT_GT(accepted, 10'000);
  EXPECT_GT(went_on, 5'000);
}

TEST(ReadingOn, TakesNoListThatEndsWithAComma) {
  JsonCursor json;
  RequestBeginning beginning;
  ASSERT_TRUE(ReadMessagesRequest(R"({"model":"m","messages":[{},{}]})", json, 0, beginning));
  ASSERT_FALSE(beginning.points.empty());
  EXPECT_FALSE(ReadMessagesRequest(R"({"model":"m","messages":[{},]})", json, 28, beginning));
}

}  // namespace
}  // namespace postern::dialect
