#include "agent/gate/forwarding.h"

#include <gtest/gtest.h>

namespace postern::gate {
namespace {

http::Head Request(std::vector<http::Header> headers) {
  http::Head head;
  head.method = "POST";
  head.target = "/v1/messages?beta=true";
  head.headers = std::move(headers);
  return head;
}

std::string Upstream(const http::Head& head, const Destination& destination = {"api.example", "", ""}) {
  std::string out;
  AppendUpstreamHead(out, head, HeadersThatGoOn(head), destination, "x-api-key: real\r\n", 7);
  return out;
}

TEST(Forwarding, UnknownHeadersKeepTheirOrderSpellingAndValue) {
  EXPECT_EQ(
      Upstream(Request({{"anthropic-BETA", "a, b"}, {"X-Odd", " kept? "}, {"X-Odd", ""}, {"Cookie", "c=1"}})),
      "POST /v1/messages?beta=true HTTP/1.1\r\nhost: api.example\r\n"
      "anthropic-BETA: a, b\r\nX-Odd:  kept? \r\nX-Odd: \r\nCookie: c=1\r\n"
      "x-api-key: real\r\naccept-encoding: identity\r\ncontent-length: 7\r\n\r\n");
}

TEST(Forwarding, NoCredentialOfTheClientLeaves) {
  const std::string head = Upstream(Request({{"Authorization", "Bearer pst_one"},
                                             {"X-Api-Key", "pst_two"},
                                             {"x-postern-key", "pst_three"},
                                             {"Proxy-Authorization", "Basic pst_four"}}));
  EXPECT_EQ(head.find("pst_"), std::string::npos) << head;
}

TEST(Forwarding, WhatIsBetweenNeighboursStaysThere) {
  const std::string head = Upstream(Request({{"Connection", "keep-alive, X-Hop ,close"},
                                             {"x-hop", "1"},
                                             {"Keep-Alive", "5"},
                                             {"TE", "trailers"},
                                             {"Transfer-Encoding", "chunked"},
                                             {"Upgrade", "h2c"},
                                             {"Expect", "100-continue"},
                                             {"Trailer", "x"},
                                             {"Host", "localhost"},
                                             {"Content-Length", "99"},
                                             {"Accept-Encoding", "gzip, br"},
                                             {"x-kept", "1"}}));
  EXPECT_EQ(head,
            "POST /v1/messages?beta=true HTTP/1.1\r\nhost: api.example\r\nx-kept: 1\r\n"
            "x-api-key: real\r\naccept-encoding: identity\r\ncontent-length: 7\r\n\r\n");
}

TEST(Forwarding, APlainProxyIsAskedByTheWholeUrl) {
  const std::string head =
      Upstream(Request({}), {"api.example", "http://api.example", "proxy-authorization: Basic eA==\r\n"});
  EXPECT_TRUE(
      head.starts_with("POST http://api.example/v1/messages?beta=true HTTP/1.1\r\nhost: api.example\r\n"))
      << head;
  EXPECT_NE(head.find("proxy-authorization: Basic eA==\r\n"), std::string::npos);
}

TEST(Forwarding, AnAnswersHeadersPassButForFraming) {
  http::Head head;
  head.headers = {{"Content-Type", "text/event-stream"},
                  {"Connection", "X-Private"},
                  {"x-private", "1"},
                  {"request-id", "req_1"},
                  {"Transfer-Encoding", "chunked"},
                  {"Content-Length", "5"},
                  {"anthropic-ratelimit-x", "y"}};
  const auto headers = AnswerHeaders(head);
  ASSERT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers[0].name, "Content-Type");
  EXPECT_EQ(headers[1].value, "req_1");
  EXPECT_EQ(headers[2].name, "anthropic-ratelimit-x");
}

}  // namespace
}  // namespace postern::gate
