// Which role may call which route: written out here, and tried on the real server. A route that this table
// doesn't know fails the test.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "collector/api/route.h"
#include "tests/collector/api/keep.h"

namespace postern::api {
namespace {

struct Row {
  const char* method;
  const char* path;
  bool admin, viewer, developer, nobody;
};

constexpr bool kYes = true;
constexpr bool kNo = false;

const Row kTable[] = {
    // method, path                                      admin viewer developer nobody
    {"GET", "/healthz", kYes, kYes, kYes, kYes},
    {"GET", "/metrics", kYes, kYes, kNo, kNo},
    {"GET", "/v1/openapi.yaml", kYes, kYes, kYes, kNo},
    {"GET", "/v1/whoami", kYes, kYes, kYes, kNo},
    {"POST", "/v1/enrol", kYes, kYes, kYes, kYes},
    {"GET", "/v1/keys", kYes, kYes, kYes, kNo},
    {"POST", "/v1/keys", kYes, kNo, kNo, kNo},
    {"GET", "/v1/keys/{id}", kYes, kYes, kYes, kNo},
    {"PATCH", "/v1/keys/{id}", kYes, kNo, kNo, kNo},
    {"POST", "/v1/keys/{id}/disable", kYes, kNo, kNo, kNo},
    {"POST", "/v1/keys/{id}/enable", kYes, kNo, kNo, kNo},
    {"POST", "/v1/keys/{id}/rotate", kYes, kNo, kNo, kNo},
    {"POST", "/v1/keys/{id}/revoke", kYes, kNo, kNo, kNo},
    {"GET", "/v1/users", kYes, kYes, kNo, kNo},
    {"POST", "/v1/users", kYes, kNo, kNo, kNo},
    {"GET", "/v1/users/{id}", kYes, kYes, kNo, kNo},
    {"PATCH", "/v1/users/{id}", kYes, kNo, kNo, kNo},
    {"DELETE", "/v1/users/{id}", kYes, kNo, kNo, kNo},
    {"GET", "/v1/teams", kYes, kYes, kNo, kNo},
    {"POST", "/v1/teams", kYes, kNo, kNo, kNo},
    {"GET", "/v1/teams/{id}", kYes, kYes, kNo, kNo},
    {"PATCH", "/v1/teams/{id}", kYes, kNo, kNo, kNo},
    {"DELETE", "/v1/teams/{id}", kYes, kNo, kNo, kNo},
    {"GET", "/v1/credentials", kYes, kYes, kNo, kNo},
    {"POST", "/v1/credentials", kYes, kNo, kNo, kNo},
    {"GET", "/v1/credentials/{id}", kYes, kYes, kNo, kNo},
    {"DELETE", "/v1/credentials/{id}", kYes, kNo, kNo, kNo},
    {"POST", "/v1/credentials/{id}/rotate", kYes, kNo, kNo, kNo},
    {"GET", "/v1/agents", kYes, kYes, kNo, kNo},
    {"GET", "/v1/agents/{id}", kYes, kYes, kNo, kNo},
    {"POST", "/v1/agents/{id}/revoke", kYes, kNo, kNo, kNo},
    {"POST", "/v1/agents/{id}/forfeit", kYes, kNo, kNo, kNo},
    {"GET", "/v1/reach", kYes, kYes, kNo, kNo},
    {"GET", "/v1/enrolment-tokens", kYes, kYes, kNo, kNo},
    {"POST", "/v1/enrolment-tokens", kYes, kNo, kNo, kNo},
    {"DELETE", "/v1/enrolment-tokens/{id}", kYes, kNo, kNo, kNo},
    {"GET", "/v1/administrators", kYes, kYes, kNo, kNo},
    {"POST", "/v1/administrators", kYes, kNo, kNo, kNo},
    {"GET", "/v1/administrators/{id}", kYes, kYes, kNo, kNo},
    {"DELETE", "/v1/administrators/{id}", kYes, kNo, kNo, kNo},
    {"POST", "/v1/administrators/{id}/rotate", kYes, kNo, kNo, kNo},
    {"GET", "/v1/events", kYes, kYes, kYes, kNo},
    {"GET", "/v1/events/{id}", kYes, kYes, kYes, kNo},
    {"GET", "/v1/usage", kYes, kYes, kYes, kNo},
    {"GET", "/v1/policy", kYes, kYes, kNo, kNo},
    {"PUT", "/v1/policy", kYes, kNo, kNo, kNo},
    {"POST", "/v1/policy/check", kYes, kYes, kNo, kNo},
    {"POST", "/v1/policy/diff", kYes, kYes, kNo, kNo},
    {"POST", "/v1/policy/explain", kYes, kYes, kYes, kNo},
    {"GET", "/v1/policy/versions", kYes, kYes, kNo, kNo},
    {"GET", "/v1/policy/versions/{id}", kYes, kYes, kNo, kNo},
    {"POST", "/v1/policy/rollback", kYes, kNo, kNo, kNo},
    {"GET", "/v1/limits", kYes, kYes, kYes, kNo},
    {"GET", "/v1/limits/{id}", kYes, kYes, kYes, kNo},
    {"PUT", "/v1/limits/{id}", kYes, kNo, kNo, kNo},
    {"DELETE", "/v1/limits/{id}", kYes, kNo, kNo, kNo},
    {"POST", "/v1/limits/{id}/raise", kYes, kNo, kNo, kNo},
    {"POST", "/v1/limits/{id}/reset", kYes, kNo, kNo, kNo},
    {"GET", "/v1/secrets/allowed", kYes, kYes, kNo, kNo},
    {"POST", "/v1/secrets/allowed", kYes, kNo, kNo, kNo},
    {"DELETE", "/v1/secrets/allowed/{id}", kYes, kNo, kNo, kNo},
    {"GET", "/v1/freeze", kYes, kYes, kNo, kNo},
    {"POST", "/v1/freeze", kYes, kNo, kNo, kNo},
    {"POST", "/v1/thaw", kYes, kNo, kNo, kNo},
};

// Let through means: neither 401 nor 403. What the handler then says of an id that nobody has is another
// matter; nothing here can change anything.
bool LetThrough(int status) { return status != 401 && status != 403; }

TEST(Roles, TheTableKnowsEveryRoute) {
  std::set<std::string> known, are;
  for (const Row& row : kTable) known.insert(std::string(row.method) + " " + row.path);
  for (const Route& route : Routes()) are.insert(std::string(route.method) + " " + std::string(route.path));
  EXPECT_EQ(known, are);
}

TEST(Roles, EveryRouteLetsThroughWhomTheTableSaysAndNobodyElse) {
  Limits limits;
  limits.calls_at_once = 10'000;
  limits.enrolments_at_once = 10'000;
  const Keep keep(limits);
  for (const Row& row : kTable) {
    std::string path = row.path;
    if (const size_t id = path.find("{id}"); id != path.npos) path.replace(id, 4, "nobody-has-this");
    const std::string body = row.method == std::string("GET") ? "" : R"({"nobody knows":"this field"})";
    const auto status = [&](const std::string& token) {
      return keep.Call(token, row.method, path, body).status;
    };
    EXPECT_EQ(LetThrough(status(keep.admin)), row.admin) << row.method << " " << row.path;
    EXPECT_EQ(LetThrough(status(keep.viewer)), row.viewer) << row.method << " " << row.path;
    EXPECT_EQ(LetThrough(status(keep.developer)), row.developer) << row.method << " " << row.path;
    const int without = status("");
    EXPECT_EQ(without != 401, row.nobody) << row.method << " " << row.path;
    EXPECT_NE(without, 403);
  }
}

TEST(Roles, AViewerChangesNothing) {
  Keep keep;
  const uint64_t before = keep.directory().revision();
  EXPECT_EQ(keep.Call(keep.viewer, "POST", "/v1/users", R"({"id":"eve"})").error(),
            "403 denied: the role viewer doesn't allow user.create");
  EXPECT_EQ(keep.Call(keep.viewer, "DELETE", "/v1/users/ada%40example.com").status, 403);
  EXPECT_EQ(keep.Call(keep.developer, "POST", "/v1/keys", R"({"user":"ada@example.com"})").status, 403);
  EXPECT_EQ(keep.directory().revision(), before);
}

}  // namespace
}  // namespace postern::api
