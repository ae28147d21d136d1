// A directory over a store in memory, with a clock that stands still, and what it has recorded.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/chronicle/verify_chains.h"
#include "collector/directory/directory.h"
#include "shared/crypto/random.h"
#include "shared/crypto/x25519.h"
#include "shared/tokens/token.h"
#include "tests/collector/chronicle/flawed_store.h"

namespace postern::directory {

inline constexpr int64_t kNow = 1'800'000'000;

// Thread-compatible; the directory itself may be called by many threads.
class House {
 public:
  House() {
    auto opened = chronicle::Chronicle::Open(
        store, log_key, {.program = "run", .version = {}, .host = {}, .wall_now = [this] { return Wall(); }});
    EXPECT_TRUE(opened);
    chronicle = *std::move(opened);
    directory.emplace(store, *chronicle, master_key, Options{"example", [this] { return Wall(); }});
  }

  // Of every Administration, in order: "key.create done k7x2… for user alice".
  std::vector<std::string> Acts() {
    std::vector<std::string> acts;
    for (const wire::Event& event : Events()) {
      const wire::Administration& call = event.administration();
      if (event.has_administration())
        acts.push_back(call.action() + " " + call.outcome() + " " + call.target() + " " + call.sentence());
    }
    return acts;
  }
  std::string LastAct() {
    const auto acts = Acts();
    return acts.empty() ? "" : acts.back();
  }

  std::vector<wire::Event> Events() {
    std::vector<wire::Event> events;
    for (uint64_t leaf = 0; leaf < store.stats().log_size; ++leaf) {
      events.emplace_back();
      EXPECT_TRUE(events.back().ParseFromString(store.Events({store::Leaf{leaf}})->at(0).bytes));
    }
    return events;
  }

  // Everything that lies in the store, to look for what must not.
  std::string Bytes() {
    std::string bytes;
    for (const wire::Event& event : Events()) bytes += event.SerializeAsString();
    const auto records = store.ChangedSince(0, 1000);
    for (const store::Record& record : *records) {
      bytes += record.id + record.bytes;
      for (const std::string& label : record.labels) bytes += label;
    }
    return bytes;
  }

  void ExpectSound() {
    const auto verdict = chronicle::VerifyChains(store, nullptr);
    ASSERT_TRUE(verdict);
    for (const std::string& problem : verdict->problems) ADD_FAILURE() << problem;
  }

  std::string User(const std::string& id, const std::string& team = "") {
    const auto made =
        directory->people().CreateUser(actor, {.id = id, .team = team, .name = {}, .os_names = {}});
    EXPECT_TRUE(made) << made.error().message;
    return id;
  }
  std::string Team(const std::string& id, std::vector<std::string> credentials = {},
                   std::vector<std::string> groups = {}) {
    const auto made = directory->people().CreateTeam(actor, {.id = id,
                                                             .organisation = {},
                                                             .credentials = std::move(credentials),
                                                             .os_groups = std::move(groups)});
    EXPECT_TRUE(made) << made.error().message;
    return id;
  }
  std::string Credential(const std::string& name, const std::string& value = "a-value") {
    const auto made =
        directory->credentials().Add(actor, {.name = name, .provider = "anthropic", .header = {}}, value);
    EXPECT_TRUE(made) << made.error().message;
    return name;
  }
  IssuedKey Key(const std::string& user) {
    NewKey key;
    key.user = user;
    auto made = directory->keys().Create(actor, key);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  static NewAgent AgentOf(char letter) {
    return {.host = std::string("host-") + letter,
            .machine = std::string(32, 'm'),
            .curve_key = std::string(32, letter),
            .seal_key = std::string(32, 's'),
            .sealing_key = std::string(crypto::AgreementKey::Generate().public_key()),
            .version = "1.0"};
  }
  wire::AgentRecord Agent(char letter) {
    const auto token = directory->agents().CreateToken(actor, kNow + 3600);
    auto agent = directory->agents().Enrol(token->text, AgentOf(letter), "192.0.2.1");
    EXPECT_TRUE(agent) << agent.error().message;
    return *std::move(agent);
  }

  chronicle::FlawedStore store;
  std::atomic<int64_t> now{kNow};
  crypto::SigningKey log_key = crypto::SigningKey::Generate();
  sealing::MasterKey master_key = *sealing::MasterKey::Generate();
  std::unique_ptr<chronicle::Chronicle> chronicle;
  std::optional<Directory> directory;
  Actor actor{"adm1n0000001", "root", wire::ROLE_ADMIN, "192.0.2.7", "/v1/test"};

 private:
  WallTime Wall() const { return WallTime(std::chrono::seconds(now)); }
};

// The code and the sentence of an error, for one comparison.
template <class T>
std::string Why(const Result<T>& result) {
  if (result) return "no error";
  return std::string(Name(result.error().code)) + ": " + result.error().message;
}

}  // namespace postern::directory
