// Policies over a directory in memory, and what listeners were told.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "collector/policy/policies.h"
#include "tests/collector/directory/house.h"

namespace postern::policies {

inline constexpr const char* kCollector = "c0ffee00c0ffee00c0ffee00c0ffee00";

// A policy's text: the organisation's level, and more.
inline std::string Text(const std::string& more = "") {
  return "organisation:\n  name: example\n  models: {allow: [\"*\"]}\n" + more;
}

class Desk : public ::testing::Test {
 protected:
  Desk() {
    house.User("root@example.com");
    house.Key("root@example.com");
    Open();
  }

  Options DefaultOptions() {
    Options options;
    options.collector = kCollector;
    options.organisation = "example";
    options.catalogue.models = {{"claude-opus-5", {"claude-opus-5-20260101"}}, {"claude-sonnet-5", {}}};
    options.wall_now = [this] { return WallTime(std::chrono::seconds(house.now)); };
    return options;
  }

  void Open(std::optional<crypto::PublicKey> offline_key = {}) {
    policies.reset();
    Options options = DefaultOptions();
    options.offline_key = std::move(offline_key);
    auto opened = Policies::Open(*house.directory, key, std::move(options));
    ASSERT_TRUE(opened) << opened.error().message;
    policies = *std::move(opened);
    policies->Subscribe([this] { ++told; });
  }

  uint64_t InForce() { return (*policies->Current())->version.version; }

  // What becomes of the text.
  Attempt Apply(const std::string& yaml, std::optional<uint64_t> based_on = {}, Force force = Force::kNo) {
    auto attempt = policies->Apply(house.actor, yaml, based_on, force);
    EXPECT_TRUE(attempt) << attempt.error().message;
    return *std::move(attempt);
  }
  uint64_t Applied(const std::string& yaml) {
    const Attempt attempt = Apply(yaml);
    EXPECT_EQ(attempt.outcome, Attempt::Outcome::kDone) << attempt.sentence;
    return attempt.issued ? attempt.issued->version.version : 0;
  }

  directory::House house;
  crypto::SigningKey key = crypto::SigningKey::Generate();
  std::atomic<int> told{0};
  std::unique_ptr<Policies> policies;
};

}  // namespace postern::policies
