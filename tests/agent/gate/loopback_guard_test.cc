#include "agent/gate/loopback_guard.h"

#include <gtest/gtest.h>

namespace postern::gate {
namespace {

http::Head Post(std::vector<http::Header> headers) {
  http::Head head;
  head.method = "POST";
  head.target = "/v1/messages";
  head.headers = std::move(headers);
  return head;
}

TEST(LoopbackGuard, KnowsTheNamesOfThisMachine) {
  for (const char* host :
       {"localhost", "LOCALHOST", "127.0.0.1", "[::1]", "localhost:4780", "127.0.0.1:1", "[::1]:65535"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
}

TEST(LoopbackGuard, RefusesEveryOtherName) {
  for (const char* host :
       {"", "example.com", "localhost.example.com", "127.0.0.1.example.com", "127.0.0.2", "::1", "0.0.0.0",
        "localhost:", "localhost:x", "localhost:123456", "localhost:80:80", "127.0.0.1@example.com",
        "evil-localhost", "localhost/", " localhost"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

TEST(LoopbackGuard, LetsAProgramThrough) {
  EXPECT_FALSE(GuardLoopback(Post({{"host", "localhost:4780"}, {"content-type", "application/json"}})));
  EXPECT_FALSE(
      GuardLoopback(Post({{"Host", "[::1]"}, {"Content-Type", "Application/JSON ; charset=utf-8"}})));
}

TEST(LoopbackGuard, LetsNodesFetchThrough) {
  EXPECT_FALSE(GuardLoopback(Post({{"host", "127.0.0.1:4780"},
                                   {"content-type", "application/json"},
                                   {"accept-language", "*"},
                                   {"sec-fetch-mode", "cors"}})));
}

TEST(LoopbackGuard, RefusesWhatAWebPageCanSend) {
  const http::Header host{"host", "localhost:4780"};
  const http::Header json{"content-type", "application/json"};
  const auto reason = [](std::vector<http::Header> headers) {
    return GuardLoopback(Post(std::move(headers)))->reason;
  };
  EXPECT_EQ(reason({{"host", "attacker.example:4780"}, json}), Reason::kForeignHost);
  EXPECT_EQ(reason({host, json, {"origin", "https://attacker.example"}}), Reason::kWebPage);
  EXPECT_EQ(reason({host, json, {"Origin", "null"}}), Reason::kWebPage);
  EXPECT_EQ(reason({host, json, {"Sec-Fetch-Site", "cross-site"}}), Reason::kWebPage);
  EXPECT_EQ(reason({host, json, {"sec-fetch-mode", "no-cors"}}), Reason::kWebPage);
  EXPECT_EQ(reason({host, json, {"sec-fetch-mode", "cors"}, {"sec-fetch-site", "same-site"}}),
            Reason::kWebPage);
  EXPECT_EQ(reason({host, json, {"sec-fetch-mode", "cors"}, {"sec-fetch-dest", "empty"}}), Reason::kWebPage);
  EXPECT_EQ(reason({host, json, {"sec-fetch-mode", "cors"}, {"origin", "null"}}), Reason::kWebPage);
  EXPECT_EQ(reason({host, {"content-type", "text/plain"}}), Reason::kNotJson);
  EXPECT_EQ(reason({host, {"content-type", "application/json-patch+json"}}), Reason::kNotJson);
  EXPECT_EQ(reason({host, json, {"content-type", "text/plain"}}), Reason::kNotJson);
  EXPECT_EQ(reason({host}), Reason::kNotJson);
}

}  // namespace
}  // namespace postern::gate
