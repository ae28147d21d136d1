#include "agent/proxy.h"

#include <map>

#include <gtest/gtest.h>

namespace postern::agent {
namespace {

Environment With(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

const Origin kProvider{Origin::Scheme::kHttps, "api.anthropic.com", 443};

TEST(Proxy, ReadsHostPortAndCredentials) {
  EXPECT_EQ(*ParseProxy("http://proxy.corp:3128"), (Proxy{"proxy.corp", 3128, ""}));
  EXPECT_EQ(*ParseProxy("proxy.corp:3128/"), (Proxy{"proxy.corp", 3128, ""}));
  EXPECT_EQ(*ParseProxy("http://proxy"), (Proxy{"proxy", 80, ""}));
  EXPECT_EQ(*ParseProxy("http://[::1]:8"), (Proxy{"::1", 8, ""}));
  // RFC 7617 §2.
  EXPECT_EQ(ParseProxy("http://Aladdin:open%20sesame@p:1")->authorization,
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(ParseProxy("http://u:p%40s:s@p:1")->authorization, "Basic dTpwQHM6cw==");
  EXPECT_EQ(ParseProxy("u@p")->authorization, "Basic dTo=");
}

TEST(Proxy, RefusesOtherKindsAndShowsNoSecret) {
  for (const char* wrong : {"", "https://p:1", "socks5://p:1", "http://", "http://p:0", "http://p:x",
                            "http://u:%4@p", "http://u:%zz@p", "http://p/path", "http://us/er:topsecret@p"}) {
    const auto proxy = ParseProxy(wrong);
    ASSERT_FALSE(proxy) << wrong;
    EXPECT_EQ(proxy.error().code, ErrorCode::kInvalid);
  }
  EXPECT_EQ(ParseProxy("http://u:topsecret@p:x").error().message.find("topsecret"), std::string::npos);
}

TEST(ProxyFromEnvironment, TakesTheVariableOfTheScheme) {
  const auto environment =
      With({{"HTTPS_PROXY", "secure:1"}, {"http_proxy", "plain:2"}, {"HTTP_PROXY", "never:3"}});
  EXPECT_EQ((*ProxyFromEnvironment(environment, kProvider))->host, "secure");
  const Origin plain{Origin::Scheme::kHttp, "a", 80};
  EXPECT_EQ((*ProxyFromEnvironment(environment, plain))->host, "plain");
  EXPECT_EQ(*ProxyFromEnvironment(With({{"HTTP_PROXY", "never:3"}}), plain), std::nullopt);
  EXPECT_EQ(*ProxyFromEnvironment(With({}), kProvider), std::nullopt);
}

TEST(ProxyFromEnvironment, PrefersSmallLettersAndIgnoresEmptyValues) {
  EXPECT_EQ((*ProxyFromEnvironment(With({{"https_proxy", "a:1"}, {"HTTPS_PROXY", "b:1"}}), kProvider))->host,
            "a");
  EXPECT_EQ((*ProxyFromEnvironment(With({{"https_proxy", ""}, {"HTTPS_PROXY", "b:1"}}), kProvider))->host,
            "b");
}

TEST(ProxyFromEnvironment, ObeysNoProxy) {
  EXPECT_EQ(*ProxyFromEnvironment(With({{"HTTPS_PROXY", "a:1"}, {"NO_PROXY", "anthropic.com"}}), kProvider),
            std::nullopt);
  EXPECT_TRUE(*ProxyFromEnvironment(With({{"HTTPS_PROXY", "a:1"}, {"NO_PROXY", "example.com"}}), kProvider));
  EXPECT_TRUE(*ProxyFromEnvironment(
      With({{"HTTPS_PROXY", "a:1"}, {"no_proxy", "example.com"}, {"NO_PROXY", "*"}}), kProvider));
}

TEST(ProxyFromEnvironment, NamesTheVariableThatIsWrong) {
  const auto proxy = ProxyFromEnvironment(With({{"HTTPS_PROXY", "socks5://u:topsecret@a"}}), kProvider);
  ASSERT_FALSE(proxy);
  EXPECT_EQ(proxy.error().message.find("environment variable HTTPS_PROXY: "), 0u);
  EXPECT_EQ(proxy.error().message.find("topsecret"), std::string::npos);
}

struct NoProxyCase {
  const char* no_proxy;
  const char* origin;
  bool exempt;
};

TEST(NoProxy, KnowsItsForms) {
  const NoProxyCase cases[] = {
      {"*", "https://a.b", true},
      {"", "https://a.b", false},
      {"example.com", "https://example.com", true},
      {"EXAMPLE.com", "https://example.com", true},
      {"example.com", "https://api.example.com", true},
      {"example.com", "https://badexample.com", false},
      {"example.com", "https://com", false},
      {".example.com", "https://api.example.com", true},
      {".example.com", "https://example.com", false},
      {"*.example.com", "https://api.example.com", true},
      {"*.example.com", "https://example.com", false},
      {"localhost, 127.0.0.1 ,example.com", "https://example.com", true},
      {"a b\tc", "https://c", true},
      {"example.com:8443", "https://example.com:8443", true},
      {"example.com:8443", "https://example.com", false},
      {"example.com:443", "https://example.com", true},
      {"127.0.0.1", "http://127.0.0.1:8080", true},
      {"127.0.0.1:8080", "http://127.0.0.1:8080", true},
      {"127.0.0.1:80", "http://127.0.0.1:8080", false},
      {"0.0.1", "http://127.0.0.1", false},
      {"::1", "http://[::1]:8080", true},
      {"[::1]", "http://[::1]:8080", true},
      {"[::1]:8080", "http://[::1]:8080", true},
      {"[::1]:80", "http://[::1]:8080", false},
      {"0:0:0:0:0:0:0:1", "http://[::1]", true},
      {"10.0.0.0/8", "https://10.200.3.4", true},
      {"10.0.0.0/8", "https://11.0.0.1", false},
      {"10.1.128.0/17", "https://10.1.200.1", true},
      {"10.1.128.0/17", "https://10.1.100.1", false},
      {"0.0.0.0/0", "https://8.8.8.8", true},
      {"10.0.0.0/33", "https://10.0.0.0", false},
      {"10.0.0.0/", "https://10.0.0.0", false},
      {"10.0.0.0/8", "https://example.com", false},
      {"fd00::/8", "https://[fd12::1]", true},
      {"fd00::/8", "https://[fe80::1]", false},
      {"::ffff:10.0.0.1", "https://10.0.0.1", true},
      {",,, ,", "https://a", false},
      {"!!,a", "https://a", true},
  };
  for (const NoProxyCase& c : cases) {
    EXPECT_EQ(IsExemptFromProxy(c.no_proxy, *ParseOrigin(c.origin)), c.exempt)
        << c.no_proxy << " and " << c.origin;
  }
}

}  // namespace
}  // namespace postern::agent
