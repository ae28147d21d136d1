#include "agent/endpoint.h"

#include <gtest/gtest.h>

namespace postern::agent {
namespace {

TEST(Address, ReadsNumericAddressesWithPorts) {
  EXPECT_EQ(ParseAddress("127.0.0.1:4780"), (Address{"127.0.0.1", 4780}));
  EXPECT_EQ(ParseAddress("[::1]:0"), (Address{"::1", 0}));
  EXPECT_EQ(ParseAddress("[::1]:65535")->ToString(), "[::1]:65535");
  for (const char* wrong :
       {"", "127.0.0.1", "localhost:1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
        "127.0.0.1:80 ", "127.1:80", "[::1]", "[::1]80", "[127.0.0.1]:80", "[::1:80", ":80"}) {
    EXPECT_EQ(ParseAddress(wrong), std::nullopt) << wrong;
  }
}

TEST(Address, KnowsLoopback) {
  for (const char* loopback : {"127.0.0.1:1", "127.255.0.9:1", "[::1]:1"}) {
    EXPECT_TRUE(ParseAddress(loopback)->is_loopback()) << loopback;
  }
  for (const char* other : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1"}) {
    EXPECT_FALSE(ParseAddress(other)->is_loopback()) << other;
  }
}

TEST(Origin, ReadsSchemeHostAndPort) {
  EXPECT_EQ(ParseOrigin("https://api.anthropic.com"),
            (Origin{Origin::Scheme::kHttps, "api.anthropic.com", 443}));
  EXPECT_EQ(ParseOrigin("https://API.Anthropic.com/"),
            (Origin{Origin::Scheme::kHttps, "api.anthropic.com", 443}));
  EXPECT_EQ(ParseOrigin("http://127.0.0.1:8080"), (Origin{Origin::Scheme::kHttp, "127.0.0.1", 8080}));
  EXPECT_EQ(ParseOrigin("http://[::1]"), (Origin{Origin::Scheme::kHttp, "::1", 80}));
}

TEST(Origin, RefusesWhatIsMoreOrLessThanAnOrigin) {
  for (const char* wrong : {"", "api.anthropic.com", "ftp://x", "https://", "https:///", "https://a/b",
                            "https://a?b", "https://a#b", "https://u:p@a", "https://a:0", "https://a:b",
                            "https://a b", "https://-a", "https://.a", "https://a//"}) {
    EXPECT_EQ(ParseOrigin(wrong), std::nullopt) << wrong;
  }
}

TEST(Origin, NamesThePortWhereItIsNotTheSchemesOwn) {
  EXPECT_EQ(ParseOrigin("https://a:443")->authority(), "a");
  EXPECT_EQ(ParseOrigin("https://a:80")->authority(), "a:80");
  EXPECT_EQ(ParseOrigin("http://[::1]:81")->ToString(), "http://[::1]:81");
}

}  // namespace
}  // namespace postern::agent
