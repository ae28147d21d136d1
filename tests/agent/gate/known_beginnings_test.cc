#include "agent/gate/known_beginnings.h"

#include <gtest/gtest.h>

namespace postern::gate {
namespace {

const secrets::KeyedHash& Hash() {
  static const secrets::KeyedHash hash("thirty-two bytes that are secret");
  return hash;
}

std::string Message(const std::string& text) { return R"({"role":"user","content":")" + text + "\"}"; }

std::string Body(const std::string& model, size_t messages, const std::string& more = "") {
  std::string body = R"({"model":")" + model + R"(","messages":[)";
  for (size_t i = 0; i < messages; ++i)
    body += (i > 0 ? "," : "") + Message(std::string(3'000, static_cast<char>('a' + i % 26)));
  return body + "],\"tools\":[{\"name\":\"Bash\"}" + more + "],\"stream\":true}";
}

class KnownBeginningsTest : public testing::Test {
 protected:
  // What is read with what is known, which is what is read without it.
  void Read(const std::string& body, const std::string& owner = "alice") {
    const auto facts = known_.Read(owner, body, Hash().OfPieces(body), json_);
    const auto fresh = dialect::ReadMessagesRequest(body, json_);
    ASSERT_EQ(facts.has_value(), fresh.has_value());
    if (facts) {
      EXPECT_EQ(*facts, *fresh);
    } else {
      EXPECT_EQ(facts.error().message, fresh.error().message);
    }
  }

  KnownBeginnings known_;
  dialect::JsonCursor json_;
};

TEST_F(KnownBeginningsTest, ReadsATurnAsIfItWereTheFirstOne) {
  for (size_t messages = 1; messages < 60; ++messages) Read(Body("claude", messages));
  EXPECT_EQ(known_.size(), 1u);
  Read(Body("claude", 12));  // a rewind
  Read(Body("claude", 50));
  Read(Body("Claude", 50));
  Read(Body("claude", 50, ",{\"name\":\"Read\"}"));
}

TEST_F(KnownBeginningsTest, RefusesWhatItWouldRefuseAsTheFirst) {
  const std::string good = Body("claude", 20);
  Read(good);
  const size_t end = good.find("],\"tools\"");
  for (const std::string& middle :
       {std::string(","), std::string(",,{}"), std::string("}"), std::string("],\"model\":\"x\",\"y\":["),
        std::string(",\"\xff\""), std::string(",{"), std::string(",[1"),
        std::string("],\"messages\":[{},{}")}) {
    std::string bad = good;
    bad.insert(end, middle);
    Read(bad);
    Read(good);
    Read(good.substr(0, end) + middle);
  }
}

TEST_F(KnownBeginningsTest, KeepsOwnersApart) {
  Read(Body("claude", 20), "alice");
  Read(Body("claude", 20), "bob");
  EXPECT_EQ(known_.size(), 2u);
}

TEST_F(KnownBeginningsTest, KeepsTheConversationBesideASideQuestion) {
  const std::string conversation = Body("claude", 60);
  Read(conversation);
  std::string question = conversation.substr(0, 9'000);
  question += "\"}],\"max_tokens\":1,\"x\":\"" + std::string(30'000, 'y') + "\"}";
  Read(question);
  Read(conversation);
  EXPECT_EQ(known_.size(), 2u);
}

TEST_F(KnownBeginningsTest, IsBounded) {
  for (size_t i = 0; i < 2 * KnownBeginnings::kMost; ++i) Read(Body("claude" + std::to_string(i), 4));
  EXPECT_EQ(known_.size(), KnownBeginnings::kMost);
  // The pieces of a body of 40 MB take 640 KB.
  const std::string large = Body("claude", 4, std::string(40 << 20, ' '));
  for (int i = 0; i < 10; ++i) Read(large, std::to_string(i));
  EXPECT_LE(known_.bytes(), KnownBeginnings::kMostBytes);
  EXPECT_GE(known_.size(), 2u);
}

TEST_F(KnownBeginningsTest, KnowsNothingOfWhatIsSmall) {
  Read(Body("claude", 1));
  EXPECT_EQ(known_.size(), 0u);
}

}  // namespace
}  // namespace postern::gate
