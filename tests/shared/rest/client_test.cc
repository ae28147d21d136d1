#include "shared/rest/client.h"

#include <atomic>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/shared/rest/serving.h"
#include "tests/support/held_port.h"
#include "tests/support/process.h"

namespace postern::rest {
namespace {

using support::TemporaryDirectory;

// As everybody can work it out with the openssl program.
std::string FingerprintByOpenssl(const std::string& certificate) {
  const auto finished = support::RunProcess(
      {.argv = {"sh", "-c",
                "openssl x509 -in " + certificate +
                    " -noout -pubkey | openssl pkey -pubin -outform DER | openssl dgst -sha256 -r"}});
  return finished->output.substr(0, 64);
}

// A certificate of the same key that ended yesterday.
std::string Expired(const Serving& serving) {
  const std::string made = serving.directory() / "expired.crt";
  const auto finished =
      support::RunProcess({.argv = {"openssl", "x509", "-in", serving.certificate().certificate, "-signkey",
                                    serving.certificate().key, "-days", "-1", "-out", made}});
  CHECK(finished->ending.code == 0);
  return made;
}

TEST(Client, TheAuthorityDecidesWhereNoFingerprintIsPinned) {
  Serving serving(Echo);
  const auto client = *Client::Make(serving.Trusting());
  const auto reply = client->Send({.method = "POST", .path = "/a", .query = {{"q", "x y"}}, .body = "hello"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "POST /a 127.0.0.1 hello");
  EXPECT_EQ(reply->content_type, "text/plain");
}

TEST(Client, AnUnknownAuthorityIsDeniedBeforeAnythingIsSent) {
  std::atomic<int> calls{0};
  Serving serving([&](const Request&) { return ++calls, Response{}; });
  const support::Certificate other = support::MakeCertificate(serving.directory(), "other");
  ClientOptions options = serving.Trusting();
  options.authority = other.certificate;
  EXPECT_EQ((*Client::Make(options))->Send({.path = "/"}).error().code, ErrorCode::kDenied);
  options.authority = "";  // the system's
  EXPECT_EQ((*Client::Make(options))->Send({.path = "/"}).error().code, ErrorCode::kDenied);
  EXPECT_EQ(calls, 0);
}

TEST(Client, ACertificateForAnotherNameIsDenied) {
  std::atomic<int> calls{0};
  TemporaryDirectory directory;
  const support::Certificate other = support::MakeCertificate(directory, "elsewhere");
  ServerOptions options;
  options.certificate = other.certificate;
  options.key = other.key;
  const auto server = *Server::Start(options, [&](const Request&) { return ++calls, Response{}; });
  ClientOptions trusting;
  trusting.authority = other.certificate;
  trusting.url = "https://localhost:" + std::to_string(server->port());
  EXPECT_EQ((*Client::Make(trusting))->Send({.path = "/"}).error().code, ErrorCode::kDenied);
  EXPECT_EQ(calls, 0);
  trusting.url = "https://127.0.0.1:" + std::to_string(server->port());
  EXPECT_TRUE((*Client::Make(trusting))->Send({.path = "/"}));
}

TEST(Client, AnExpiredCertificateIsDeniedUnlessItsKeyIsPinned) {
  Serving serving(Echo);
  ServerOptions options;
  options.certificate = Expired(serving);
  options.key = serving.certificate().key;
  const auto server = *Server::Start(options, Echo);
  ClientOptions trusting;
  trusting.url = "https://localhost:" + std::to_string(server->port());
  trusting.authority = options.certificate;
  const auto denied = (*Client::Make(trusting))->Send({.path = "/"});
  EXPECT_EQ(denied.error().code, ErrorCode::kDenied);
  EXPECT_NE(denied.error().message.find("expired"), std::string::npos) << denied.error().message;
  trusting.fingerprint = FingerprintByOpenssl(options.certificate);
  EXPECT_TRUE((*Client::Make(trusting))->Send({.path = "/"}));
}

TEST(Client, OnlyThePinnedKeyIsSpokenTo) {
  std::atomic<int> calls{0};
  Serving serving([&](const Request&) { return ++calls, Response{}; });
  ClientOptions options;
  options.url = "https://127.0.0.1:" + std::to_string(serving.server().port());
  options.fingerprint = FingerprintByOpenssl(serving.certificate().certificate);
  options.token = "t0ken";
  ASSERT_TRUE((*Client::Make(options))->Send({.path = "/"}));
  EXPECT_EQ(*ShownFingerprint(*Url::Parse(options.url), std::chrono::seconds(10)), options.fingerprint);
  EXPECT_EQ(calls, 1);
  options.fingerprint[5] = options.fingerprint[5] == 'a' ? 'b' : 'a';
  const auto denied = (*Client::Make(options))->Send({.path = "/"});
  EXPECT_EQ(denied.error().code, ErrorCode::kDenied);
  EXPECT_NE(denied.error().message.find("fingerprint"), std::string::npos);
  EXPECT_EQ(denied.error().message.find("t0ken"), std::string::npos);
  EXPECT_EQ(calls, 1);
}

TEST(Client, OptionsThatCantBeMeantAreRefused) {
  EXPECT_EQ(Client::Make({.url = "http://keep"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Client::Make({.url = "https://keep", .fingerprint = "abc"}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Client::Make({.url = "https://keep", .fingerprint = std::string(64, 'A')}).error().code,
            ErrorCode::kInvalid);
  EXPECT_EQ(Client::Make({.url = "https://keep", .authority = "/nowhere/at/all"}).error().code,
            ErrorCode::kNotFound);
  TemporaryDirectory directory;
  EXPECT_FALSE(Client::Make({.url = "https://keep", .authority = directory.Write("a", "no certificate")}));
}

TEST(Client, SendsTheTokenAndFollowsNoRedirect) {
  std::atomic<int> calls{0};
  Serving serving([&](const Request& request) {
    ++calls;
    Response response;
    response.status = 302;
    response.headers = {{"Location", "/elsewhere"}};
    response.body = std::string(request.Bearer());
    return response;
  });
  ClientOptions options = serving.Trusting();
  options.token = "the-token";
  const auto reply = (*Client::Make(options))->Send({.path = "/"});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 302);
  EXPECT_EQ(reply->body, "the-token");
  EXPECT_EQ(reply->headers.at("location"), "/elsewhere");
  EXPECT_EQ(calls, 1);
}

TEST(Client, NobodyThereIsUnavailable) {
  const support::HeldPort nobodys;
  ClientOptions options;
  options.url = "https://127.0.0.1:" + std::to_string(nobodys.number());
  options.fingerprint = std::string(64, 'a');
  const auto reply = (*Client::Make(options))->Send({.path = "/"});
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(reply.error().message.find("nothing listens there"), std::string::npos) << reply.error().message;
  options.url = "https://no-such-host.invalid";
  EXPECT_EQ((*Client::Make(options))->Send({.path = "/"}).error().code, ErrorCode::kUnavailable);
}

TEST(Client, AnAnswerThatDoesntComeInTimeIsUnavailable) {
  std::promise<void> over;
  auto waits = over.get_future().share();
  Serving serving([waits](const Request&) { return waits.wait(), Response{}; });
  ClientOptions options = serving.Trusting();
  options.timeout = std::chrono::milliseconds(100);
  const auto reply = (*Client::Make(options))->Send({.path = "/"});
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(reply.error().message.find("too long"), std::string::npos) << reply.error().message;
  over.set_value();
}

TEST(Client, AnAnswerBeyondTheBoundIsRefused) {
  Serving serving([](const Request&) { return Json(200, std::string(1000, 'x')); });
  ClientOptions options = serving.Trusting();
  options.body_bytes = 999;
  EXPECT_EQ((*Client::Make(options))->Send({.path = "/"}).error().code, ErrorCode::kExhausted);
  options.body_bytes = 1000;
  EXPECT_EQ((*Client::Make(options))->Send({.path = "/"})->body.size(), 1000u);
}

TEST(Client, WhoSendsTooMuchIsToldSo) {
  Serving serving(Echo);
  const auto reply = (*Client::Make(serving.Trusting()))
                         ->Send({.method = "POST", .path = "/", .body = std::string(4 << 20, 'x')});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 413);
  EXPECT_EQ(ErrorOf(reply->status, reply->body).message, "a body may have at most 1048576 bytes");
}

TEST(Client, AnAnswerMayHaveNoContent) {
  Serving serving([](const Request&) {
    Response response;
    response.status = 204;
    return response;
  });
  const auto reply = (*Client::Make(serving.Trusting()))->Send({.method = "DELETE", .path = "/"});
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 204);
  EXPECT_EQ(reply->headers.count("content-length"), 0u);
}

TEST(Client, TakesAStreamLineByLineAsItComes) {
  std::promise<void> first_seen;
  auto seen = first_seen.get_future().share();
  Serving serving([seen](const Request&) {
    Response response;
    response.stream = [seen](Stream& out) {
      EXPECT_TRUE(out.Write("one\n\ntw"));
      seen.wait();
      EXPECT_TRUE(out.Write("o\nthree"));
    };
    return response;
  });
  std::vector<std::string> lines;
  const auto reply = (*Client::Make(serving.Trusting()))->Follow({.path = "/"}, [&](std::string_view line) {
    if (lines.empty()) first_seen.set_value();
    lines.emplace_back(line);
    return true;
  });
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "", "two"}));
}

TEST(Client, AStreamEndsWhenNoMoreIsWanted) {
  std::promise<void> noticed;
  Serving serving([&](const Request&) {
    Response response;
    response.stream = [&](Stream& out) {
      while (out.Write(std::string(10'000, 'x') + "\n")) {
      }
      noticed.set_value();
    };
    return response;
  });
  int lines = 0;
  const auto client = *Client::Make(serving.Trusting());
  ASSERT_TRUE(client->Follow({.path = "/"}, [&](std::string_view) { return ++lines < 3; }));
  EXPECT_EQ(lines, 3);
  noticed.get_future().wait();
}

// Says what TLS servers don't, to whoever connects first.
class Rude {
 public:
  explicit Rude(const std::string& words) : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    CHECK(::bind(listening_, reinterpret_cast<sockaddr*>(&address), length) == 0);
    CHECK(::listen(listening_, 1) == 0);
    CHECK(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, words] {
      const int peer = ::accept(listening_, nullptr, nullptr);
      ::send(peer, words.data(), words.size(), MSG_NOSIGNAL);
      ::close(peer);
    });
  }
  Rude(const Rude&) = delete;
  ~Rude() {
    thread_.join();
    ::close(listening_);
  }
  std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }

 private:
  int listening_;
  uint16_t port_ = 0;
  std::thread thread_;
};

TEST(Client, WhoDoesntSpeakTlsIsUnavailable) {
  for (const std::string words : {"", "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
    const Rude rude(words);
    ClientOptions options;
    options.url = rude.url();
    options.fingerprint = std::string(64, 'a');
    EXPECT_EQ((*Client::Make(options))->Send({.path = "/"}).error().code, ErrorCode::kUnavailable);
  }
}

}  // namespace
}  // namespace postern::rest
