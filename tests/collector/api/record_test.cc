// Every call that would change something, done or refused, is an event of the collector's own chain.
#include <chrono>

#include <gtest/gtest.h>

#include "tests/collector/api/keep.h"

namespace postern::api {
namespace {

TEST(ApiRecord, WhatIsDoneIsRecordedWithWhoWhatAndWhence) {
  const Keep keep;
  const size_t before = keep.Administrations();
  ASSERT_EQ(keep.Admin("PATCH", "/v1/users/ada%40example.com", R"({"name":"Ada L."})").status, 200);
  EXPECT_EQ(keep.Administrations(), before + 1);
  const wire::Administration last = keep.LastAdministration();
  EXPECT_EQ(last.action(), "user.update");
  EXPECT_EQ(last.outcome(), "done");
  EXPECT_EQ(last.administrator(), keep.admin_id);
  EXPECT_EQ(last.name(), "root");
  EXPECT_EQ(last.role(), "admin");
  EXPECT_EQ(last.target_kind(), "user");
  EXPECT_EQ(last.target(), "ada@example.com");
  EXPECT_EQ(last.request_path(), "/v1/users/ada%40example.com");
  EXPECT_EQ(last.source(), "127.0.0.1");
}

TEST(ApiRecord, WhatARoleForbidsIsRecorded) {
  const Keep keep;
  keep.Call(keep.viewer, "POST", "/v1/keys/k7x2m9q4w8ab/revoke");
  wire::Administration last = keep.LastAdministration();
  EXPECT_EQ(last.action(), "key.revoke");
  EXPECT_EQ(last.outcome(), "refused");
  EXPECT_EQ(last.administrator(), keep.viewer_id);
  EXPECT_EQ(last.role(), "viewer");
  EXPECT_EQ(last.target(), "k7x2m9q4w8ab");
  EXPECT_EQ(last.sentence(), "the role viewer doesn't allow key.revoke");
  keep.Call(keep.developer, "GET", "/v1/users");
  last = keep.LastAdministration();
  EXPECT_EQ(last.action(), "user.list");
  EXPECT_EQ(last.role(), "developer");
  keep.Call(keep.developer, "GET", "/v1/events?user=bob");
  EXPECT_EQ(keep.LastAdministration().action(), "audit.query");
}

TEST(ApiRecord, WhatIsNotAsItMustBeIsRecordedOnce) {
  const Keep keep;
  const size_t before = keep.Administrations();
  keep.Admin("POST", "/v1/keys", R"({"usr":"ada"})");  // refused by the API
  EXPECT_EQ(keep.Administrations(), before + 1);
  EXPECT_EQ(keep.LastAdministration().action(), "key.create");
  EXPECT_EQ(keep.LastAdministration().outcome(), "refused");
  keep.Admin("POST", "/v1/keys", R"({"user":"nobody"})");  // refused by the directory
  EXPECT_EQ(keep.Administrations(), before + 2);
  keep.Admin("PUT", "/v1/keys", "{}");  // no such method
  EXPECT_EQ(keep.Administrations(), before + 3);
  EXPECT_EQ(keep.LastAdministration().action(), "unknown");
  keep.Call("", "POST", "/v1/enrol", "{}");
  EXPECT_EQ(keep.Administrations(), before + 4);
  EXPECT_EQ(keep.LastAdministration().action(), "agent.enrol");
}

TEST(ApiRecord, WhoHasNoTokenIsRecordedWithTheirAddress) {
  const Keep keep;
  keep.Call("", "POST", "/v1/keys", "{}");
  const wire::Administration last = keep.LastAdministration();
  EXPECT_EQ(last.action(), "key.create");
  EXPECT_EQ(last.outcome(), "refused");
  EXPECT_EQ(last.administrator(), "");
  EXPECT_EQ(last.role(), "none");
  EXPECT_EQ(last.source(), "127.0.0.1");
  EXPECT_EQ(last.request_path(), "/v1/keys");
}

TEST(ApiRecord, ReadingLeavesNoTrace) {
  const Keep keep;
  const size_t before = keep.Administrations();
  for (const char* path : {"/v1/keys", "/v1/users", "/v1/events", "/v1/usage", "/v1/whoami", "/metrics",
                           "/v1/keys/aaaaaaaaaaaa", "/v1/keys?limit=x", "/v1/nothing"})
    keep.Admin("GET", path);
  EXPECT_EQ(keep.Administrations(), before);
}

TEST(ApiRecord, AFloodOfStrangersIsRecordedWithinABound) {
  Limits limits;
  limits.calls_at_once = 10'000;
  const Keep keep(limits);
  const size_t before = keep.Administrations();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 80; ++i) EXPECT_EQ(keep.Call("", "GET", "/v1/keys").status, 401);
  const size_t recorded = keep.Administrations() - before;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(recorded, 50u);
  EXPECT_LE(static_cast<double>(recorded), 50 + took.count() + 1) << "and one more each second";
}

TEST(ApiRecord, ALockOutIsRecordedOnce) {
  Limits limits;
  limits.bad_tokens = 2;
  const Keep keep(limits);
  const size_t before = keep.Administrations();
  for (int i = 0; i < 10; ++i) keep.Call("psa_guess", "GET", "/v1/keys");
  EXPECT_EQ(keep.Administrations(), before + 2);
  EXPECT_EQ(keep.LastAdministration().sentence(), "this address presented too many wrong tokens");
}

TEST(ApiRecord, ATokenInThePathIsNotKept) {
  const Keep keep;
  keep.Call("", "GET", "/v1/keys/" + keep.admin);
  keep.Admin("POST", "/v1/keys/" + keep.viewer + "/revoke");
  const auto page =
      *keep.Admin("GET", "/v1/events?kind=administration&limit=10").object().Require("items")->AsList();
  std::string all = keep.Admin("GET", "/v1/events?kind=administration&limit=10").body;
  EXPECT_EQ(all.find(keep.admin.substr(17)), std::string::npos);
  EXPECT_EQ(all.find(keep.viewer.substr(17)), std::string::npos);
  EXPECT_GE(page.size(), 2u);
}

}  // namespace
}  // namespace postern::api
