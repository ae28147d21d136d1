#include "shared/wire/conversation.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/wire/event.h"
#include "tests/support/paths.h"

namespace postern::wire {
namespace {

const crypto::Digest kHead = crypto::Sha256("some events");

FromAgent SomeHello() {
  FromAgent message;
  Hello& hello = *message.mutable_hello();
  hello.set_life(std::string(16, 'l'));
  hello.set_host("laptop-17");
  hello.set_machine(std::string(32, 'm'));
  *hello.mutable_now() = ToMark({7, 3, kHead});
  *hello.add_kept() = ToMark({7, 3, kHead});
  return message;
}

FromAgent SomeEvents() {
  FromAgent message;
  Group& group = *message.mutable_events()->add_groups();
  group.set_incarnation(7);
  group.set_first_sequence(1);
  group.add_events("event");
  group.set_seal("seal");
  return message;
}

// The frame of a message that Encode would refuse.
std::string Frame(FromAgent message) {
  message.set_version(kConversationVersion);
  return message.SerializeAsString();
}

std::string Refusal(const FromAgent& message) {
  const auto decoded = DecodeFromAgent(Frame(message));
  if (decoded) return "taken";
  EXPECT_EQ(decoded.error().code, ErrorCode::kInvalid);
  EXPECT_FALSE(Encode(message)) << "what is refused must not be sent either";
  return decoded.error().message;
}

TEST(Conversation, WhatIsEncodedIsDecoded) {
  for (const FromAgent& message : {SomeHello(), SomeEvents()}) {
    const auto frame = Encode(message);
    ASSERT_TRUE(frame) << frame.error().message;
    const auto decoded = DecodeFromAgent(*frame);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->version(), kConversationVersion);
    EXPECT_EQ(decoded->SerializeAsString(), *frame);
  }
}

TEST(Conversation, GarbageIsRefusedWithASentence) {
  EXPECT_EQ(DecodeFromAgent("\xff\xff\xff").error().message, "the frame is no message");
  EXPECT_EQ(DecodeFromAgent(std::string(kMaxFrameBytes + 1, '\0')).error().message, "the frame is too long");
  EXPECT_EQ(DecodeFromAgent("").error().message, "version 0 of the conversation isn't spoken here");
  EXPECT_FALSE(DecodeFromCollector("\xff\xff\xff"));
}

TEST(Conversation, ABodyOfANewerVersionIsPassedOver) {
  const std::string frame("\x08\x01\xfa\x01\x02hi", 7);  // version 1, and a field 31
  const auto decoded = DecodeFromAgent(frame);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->body_case(), FromAgent::BODY_NOT_SET);
  EXPECT_TRUE(DecodeFromCollector(frame));
}

TEST(Conversation, ATextThatIsNotUtf8IsNotSent) {
  FromAgent message;
  message.mutable_query()->add_os_users()->set_name("caf\xe9");
  EXPECT_EQ(Encode(message).error().message, "a text of the message isn't UTF-8");
}

TEST(Conversation, EachFieldOfAHelloHasItsBound) {
  FromAgent message = SomeHello();
  EXPECT_EQ(Refusal(message), "taken");
  message.mutable_hello()->set_life("short");
  EXPECT_EQ(Refusal(message), "the life has the wrong length");
  message = SomeHello();
  message.mutable_hello()->set_host(std::string(kMaxTextBytes + 1, 'h'));
  EXPECT_EQ(Refusal(message), "the host is too long");
  message = SomeHello();
  message.mutable_hello()->set_machine("short");
  EXPECT_EQ(Refusal(message), "the machine has the wrong length");
  message = SomeHello();
  message.mutable_hello()->mutable_now()->set_head("short");
  EXPECT_EQ(Refusal(message), "a mark's head has the wrong length");
  message = SomeHello();
  for (int i = 0; i < kMaxMarks; ++i) *message.mutable_hello()->add_kept() = ToMark({7, 3, kHead});
  EXPECT_EQ(Refusal(message), "there are too many marks");
  message = SomeHello();
  message.mutable_hello()->set_memory("memory");
  EXPECT_EQ(Refusal(message), "the memory's signature has the wrong length");
  message = SomeHello();
  message.mutable_hello()->set_policy_sha256("short");
  EXPECT_EQ(Refusal(message), "the policy's digest has the wrong length");
}

TEST(Conversation, EachFieldOfEventsHasItsBound) {
  const auto refusal = [](auto change) {
    FromAgent message = SomeEvents();
    change(*message.mutable_events()->mutable_groups(0));
    return Refusal(message);
  };
  EXPECT_EQ(refusal([](Group&) {}), "taken");
  EXPECT_EQ(refusal([](Group& group) { group.set_incarnation(0); }), "a group has no incarnation");
  EXPECT_EQ(refusal([](Group& group) { group.clear_events(); }), "a group is empty");
  EXPECT_EQ(refusal([](Group& group) { group.set_first_sequence(0); }), "a group's first sequence is none");
  EXPECT_EQ(refusal([](Group& group) { group.set_first_sequence(~uint64_t{0}); }),
            "a group's first sequence is none");
  EXPECT_EQ(refusal([](Group& group) { group.set_events(0, std::string(kMaxEventBytes + 1, 'e')); }),
            "an event is empty or too long");
  EXPECT_EQ(refusal([](Group& group) { group.add_events(""); }), "an event is empty or too long");
  EXPECT_EQ(refusal([](Group& group) { group.clear_seal(); }), "a group's seal is none");
  EXPECT_EQ(refusal([](Group& group) {
              for (int i = 0; i < kMaxGroupEvents; ++i) group.add_events("e");
            }),
            "there are too many events in a group");
  FromAgent message;
  message.mutable_events();
  EXPECT_EQ(Refusal(message), "there are no groups");
}

TEST(Conversation, QueriesAndHeartbeatsHaveBounds) {
  FromAgent message;
  for (int i = 0; i <= kMaxQueryKeys; ++i) message.mutable_query()->add_key_ids("k");
  EXPECT_EQ(Refusal(message), "there are too many key ids");
  message.mutable_query()->clear_key_ids();
  message.mutable_query()->add_key_ids(std::string(kMaxTextBytes + 1, 'k'));
  EXPECT_EQ(Refusal(message), "key ids is too long");
  message.mutable_heartbeat()->set_nonce("short");
  EXPECT_EQ(Refusal(message), "the nonce has the wrong length");
  message.mutable_seen()->set_credential(std::string(kMaxTextBytes + 1, 'c'));
  EXPECT_EQ(Refusal(message), "the credential's name is too long");
  message.mutable_seen()->set_credential("main#1");
  message.mutable_seen()->set_policy_refused(std::string(kMaxSentenceBytes + 1, 's'));
  EXPECT_EQ(Refusal(message), "the sentence is too long");
}

TEST(Conversation, APieceOfAPolicyLiesInIt) {
  FromCollector message;
  PolicyPart& part = *message.mutable_policy_part();
  const auto why = [&] {
    const auto encoded = Encode(message);
    return encoded ? "taken" : encoded.error().message;
  };
  EXPECT_EQ(why(), "a policy has no version");
  part.set_version(1);
  EXPECT_EQ(why(), "the policy's digest has the wrong length");
  part.set_sha256(std::string(32, 'd'));
  EXPECT_EQ(why(), "a piece of a policy is empty");
  part.set_piece("abc");
  EXPECT_EQ(why(), "a piece of a policy doesn't lie in it");
  part.set_size(3);
  EXPECT_EQ(why(), "taken");
  part.set_offset(1);
  EXPECT_EQ(why(), "a piece of a policy doesn't lie in it");
  part.set_offset(~uint32_t{0});
  EXPECT_EQ(why(), "a piece of a policy doesn't lie in it");
  part.set_offset(0);
  part.set_size(kMaxPolicyBytes + 1);
  EXPECT_EQ(why(), "a policy is too long");
  part.set_size(kMaxPolicyBytes);
  part.set_piece(std::string(kMaxPolicyPieceBytes, 'p'));
  EXPECT_EQ(why(), "taken");
  part.set_piece(std::string(kMaxPolicyPieceBytes + 1, 'p'));
  EXPECT_EQ(why(), "a piece of a policy is too long");
}

TEST(Conversation, TheCollectorsSideHasBoundsToo) {
  FromCollector message;
  Welcome& welcome = *message.mutable_welcome();
  welcome.set_life(std::string(16, 'l'));
  welcome.set_incarnation(7);
  EXPECT_EQ(Encode(message).error().message, "the log key has the wrong length");
  welcome.set_log_key(std::string(32, 'k'));
  ASSERT_TRUE(Encode(message));
  welcome.set_policy_key("short");
  EXPECT_EQ(Encode(message).error().message, "the policy key has the wrong length");
  welcome.clear_policy_key();
  welcome.set_why(std::string(kMaxSentenceBytes + 1, 'w'));
  EXPECT_EQ(Encode(message).error().message, "the sentence is too long");
  message.mutable_acknowledged();
  EXPECT_EQ(Encode(message).error().message, "nothing is acknowledged");
  message.mutable_credential()->set_name("main");
  EXPECT_EQ(Encode(message).error().message, "a credential is empty");
  message.mutable_directory()->add_keys()->set_id(std::string(kMaxTextBytes + 1, 'k'));
  EXPECT_EQ(Encode(message).error().message, "a field of a key is too long");
  message.mutable_rejected()->set_reason("fork");
  EXPECT_TRUE(Encode(message));
}

TEST(Place, AMarkWithoutEventsNeedsNoHead) {
  Mark mark;
  mark.set_incarnation(7);
  const auto place = ToPlace(mark);
  ASSERT_TRUE(place);
  EXPECT_EQ(*place, (Place{7, 0, kFirstHead}));
  mark.set_sequence(1);
  EXPECT_FALSE(ToPlace(mark));
  EXPECT_EQ(*ToPlace(ToMark({7, 3, kHead})), (Place{7, 3, kHead}));
}

TEST(Memory, IsOpenedOnlyUnderTheKeyThatSignedIt) {
  const auto key = crypto::SigningKey::Generate();
  Memory memory;
  memory.set_agent("agent0000001");
  *memory.mutable_acknowledged() = ToMark({7, 3, kHead});
  const SignedMemory written = SignMemory(memory, key);
  const auto read = OpenMemory(written.bytes, written.signature, key.public_key());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->agent(), "agent0000001");
  EXPECT_EQ(
      OpenMemory(written.bytes, written.signature, crypto::SigningKey::Generate().public_key()).error().code,
      ErrorCode::kDenied);
  EXPECT_EQ(OpenMemory(written.bytes + "x", written.signature, key.public_key()).error().code,
            ErrorCode::kDenied);
}

TEST(Heartbeat, AnyOtherStatementIsRefused) {
  const auto key = crypto::SigningKey::Generate();
  Heartbeat heartbeat;
  SignHeartbeat(heartbeat, std::string(16, 'n'), {7, 3, kHead}, key);
  EXPECT_TRUE(VerifyHeartbeat(heartbeat, key.public_key()));
  EXPECT_FALSE(VerifyHeartbeat(heartbeat, crypto::SigningKey::Generate().public_key()));
  Heartbeat changed = heartbeat;
  changed.mutable_now()->set_sequence(4);
  EXPECT_FALSE(VerifyHeartbeat(changed, key.public_key()));
  changed = heartbeat;
  (*changed.mutable_nonce())[0] ^= 1;
  EXPECT_FALSE(VerifyHeartbeat(changed, key.public_key()));
  // The same bytes, cut at another place.
  changed = heartbeat;
  changed.mutable_nonce()->pop_back();
  EXPECT_FALSE(VerifyHeartbeat(changed, key.public_key()));
}

TEST(Tombstone, SpeaksOfOneKeyOnly) {
  const auto key = crypto::SigningKey::Generate();
  KeyRecord record;
  record.set_id("abcdefghijkl");
  record.set_tombstone(SignTombstone(record.id(), key));
  EXPECT_TRUE(VerifyTombstone(record, key.public_key()));
  EXPECT_FALSE(VerifyTombstone(record, crypto::SigningKey::Generate().public_key()));
  record.set_id("abcdefghijkm");
  EXPECT_FALSE(VerifyTombstone(record, key.public_key()));
  FromAgent message;
  message.mutable_tombstones()->add_keys()->set_tombstone("short");
  EXPECT_EQ(Refusal(message), "a key's tombstone has the wrong length");
}

std::string Page() {
  std::ifstream file(support::InSource("shared/wire/conversation.md"));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The value after "name = " in the page's example.
std::string Given(const std::string& name) {
  const std::string text = Page();
  const size_t at = text.find("\n    " + name + " = ", text.find("## A worked example"));
  if (at == std::string::npos) return "no " + name;
  const size_t begin = at + name.size() + 8;
  return text.substr(begin, text.find_first_of(" \n", begin) - begin);
}

TEST(Conversation, TheWorkedExampleOfThePageHolds) {
  const auto key = crypto::SigningKey::FromSeed(*FromHex(Given("seed")));
  ASSERT_TRUE(key);

  const auto beat = DecodeFromAgent(*FromHex(Given("frame_1")));
  ASSERT_TRUE(beat) << beat.error().message;
  ASSERT_EQ(beat->body_case(), FromAgent::kHeartbeat);
  EXPECT_TRUE(VerifyHeartbeat(beat->heartbeat(), key->public_key()));
  EXPECT_EQ(beat->heartbeat().now().sequence(), 2u);
  EXPECT_EQ(ToHex(beat->heartbeat().nonce()), Given("nonce"));
  EXPECT_EQ(ToHex(beat->heartbeat().signature()), Given("heartbeat_signature"));
  EXPECT_TRUE(key->public_key().Verify(*FromHex(Given("heartbeat_signed")), beat->heartbeat().signature()));

  const auto answer = DecodeFromCollector(*FromHex(Given("frame_2")));
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->body_case(), FromCollector::kAcknowledged);
  EXPECT_EQ(ToHex(answer->acknowledged().memory()), Given("memory"));
  EXPECT_EQ(ToHex(answer->acknowledged().memory_signature()), Given("memory_signature"));
  const auto memory =
      OpenMemory(*FromHex(Given("memory")), *FromHex(Given("memory_signature")), key->public_key());
  ASSERT_TRUE(memory) << memory.error().message;
  EXPECT_EQ(memory->agent(), "agent0000001");
  EXPECT_EQ(memory->acknowledged().SerializeAsString(), beat->heartbeat().now().SerializeAsString());
  EXPECT_TRUE(
      key->public_key().Verify(*FromHex(Given("memory_signed")), *FromHex(Given("memory_signature"))));
}

}  // namespace
}  // namespace postern::wire
