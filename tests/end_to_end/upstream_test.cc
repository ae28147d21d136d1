// The way to the provider: TLS with the peer verified, sessions resumed, corporate proxies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/base64.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/support/certificate.h"
#include "tests/support/held_port.h"

namespace postern::end_to_end {
namespace {

using support::Certificate;
using support::MakeCertificate;
using support::TemporaryDirectory;
using ::testing::HasSubstr;

HostOptions Secure(const Certificate& certificate, const std::string& upstream_lines) {
  return {.provider_arguments = {"--tls-certificate", certificate.certificate, "--tls-key", certificate.key},
          .provider_scheme = "https",
          .provider_name = "localhost",
          .upstream_lines = upstream_lines};
}

std::string Trusting(const Certificate& certificate) {
  return "  ca_files: [" + certificate.certificate + "]\n";
}

TEST(SecureUpstream, AProviderWhoseCertificateIsTrustedAnswers) {
  const TemporaryDirectory files;
  const Certificate certificate = MakeCertificate(files);
  Host host(Secure(certificate, "  proxy: none\n" + Trusting(certificate)));
  const auto whole = host.Ask(MessageBody("[[postern text \"sealed letter\"]]"));
  EXPECT_EQ(whole.status, 200) << whole.body;
  EXPECT_THAT(whole.body, HasSubstr("sealed letter"));
  const auto stream = host.Ask(StreamBody("[[postern events=200 size=120]]"));
  EXPECT_TRUE(stream.complete);
  EXPECT_THAT(stream.body, HasSubstr("message_stop"));
  const auto large = host.Ask(MessageBody("[[postern text \"x\"]]" + std::string(3 << 20, 'x')));
  EXPECT_EQ(large.status, 200);
  EXPECT_EQ(host.Metric("postern_upstream_opened_total"), 1) << "the connection is kept";
}

TEST(SecureUpstream, AProviderThatNobodyVouchesForIsRefused) {
  const TemporaryDirectory files;
  Host host(Secure(MakeCertificate(files), "  proxy: none\n"));
  const auto response = host.Ask(MessageBody("hello"));
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("its certificate isn't trusted"));
}

TEST(SecureUpstream, ACertificateForAnotherNameIsRefused) {
  const TemporaryDirectory files;
  const Certificate other = MakeCertificate(files, "other.example");
  Host host(Secure(other, "  proxy: none\n" + Trusting(other)));
  const auto response = host.Ask(MessageBody("hello"));
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("its certificate isn't trusted"));
  EXPECT_EQ(host.Metric("postern_upstream_opened_total"), 0);
}

TEST(SecureUpstream, NewConnectionsResumeTheSessionsOfEarlierOnes) {
  const TemporaryDirectory files;
  const Certificate certificate = MakeCertificate(files);
  Host host(Secure(certificate, "  proxy: none\n" + Trusting(certificate)));
  ASSERT_EQ(host.Ask(MessageBody("the first, which brings tickets")).status, 200);
  EXPECT_EQ(host.Metric("postern_upstream_resumed_total"), 0);
  // Two answers that last longer than this test need two connections: the one that rests and a new one.
  const std::string lasting = StreamBody("[[postern events=3000 size=20 pace_ms=20]]");
  std::vector<support::RawConnection> clients;
  for (int i = 0; i < 2; ++i) {
    auto client = support::RawConnection::Open(host.target());
    ASSERT_TRUE(client);
    ASSERT_TRUE(client->Send(support::FormatRequest("POST", "/v1/messages", host.MessageHeaders(), lasting)));
    ASSERT_TRUE(client->ReadUntil("content_block_delta"));
    clients.push_back(*std::move(client));
  }
  EXPECT_EQ(host.Metric("postern_upstream_opened_total"), 2);
  EXPECT_EQ(host.Metric("postern_upstream_resumed_total"), 1);
}

// What a provider asks of us as well.
class MutualTls : public ::testing::Test {
 protected:
  std::unique_ptr<Host> HostWith(const std::string& upstream_lines) {
    HostOptions options = Secure(server_, "  proxy: none\n" + Trusting(server_) + upstream_lines);
    options.provider_arguments.insert(options.provider_arguments.end(),
                                      {"--tls-client-authority", client_.certificate});
    return std::make_unique<Host>(options);
  }
  static std::string Showing(const Certificate& certificate) {
    return "  client_certificate:\n    certificate: " + certificate.certificate +
           "\n    key: " + certificate.key + "\n";
  }

  const TemporaryDirectory files_;
  const Certificate server_ = MakeCertificate(files_);
  const Certificate client_ = MakeCertificate(files_, "gate.example");
};

TEST_F(MutualTls, AProviderThatAsksForOurCertificateGetsIt) {
  const auto host = HostWith(Showing(client_));
  const auto response = host->Ask(MessageBody("[[postern text \"known by its certificate\"]]"));
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_THAT(response.body, HasSubstr("known by its certificate"));
}

TEST_F(MutualTls, WithoutOneOrWithAnotherTheProviderIsNotReached) {
  EXPECT_EQ(HostWith("")->Ask(MessageBody("hello")).status, 502);
  const Certificate other = MakeCertificate(files_, "other.example");
  EXPECT_EQ(HostWith(Showing(other))->Ask(MessageBody("hello")).status, 502);
}

// A real proxy: Debian's tinyproxy, with a user and a password.
class Proxy {
 public:
  Proxy() {
    const std::string file = directory_.Write(
        "tinyproxy.conf", "Port " + std::to_string(port()) +
                              "\nListen 127.0.0.1\nTimeout 600\nMaxClients 20\nBasicAuth carol opensesame\n"
                              "LogFile \"" +
                              (directory_ / "log") + "\"\nLogLevel Connect\n");
    auto started = support::Process::Start({.argv = {"tinyproxy", "-d", "-c", file}});
    if (!started) return;
    process_ = *std::move(started);
    for (int i = 0; i < 500; ++i) {
      if (support::RawConnection::Open({.port = port()})) return;
      process_->Wait(std::chrono::milliseconds(20));
    }
  }
  bool exists() const { return process_ != nullptr; }
  uint16_t port() const { return port_.number(); }
  std::string log() const { return support::ReadFile(directory_ / "log"); }

 private:
  TemporaryDirectory directory_;
  const support::HeldPort port_;
  std::unique_ptr<support::Process> process_;
};

TEST(ProxiedUpstream, ASecureProviderIsReachedThroughATunnel) {
  const Proxy proxy;
  ASSERT_TRUE(proxy.exists()) << "tinyproxy is in packaging/packages.txt";
  const TemporaryDirectory files;
  const Certificate certificate = MakeCertificate(files);
  const std::string line =
      "  proxy: http://carol:opensesame@127.0.0.1:" + std::to_string(proxy.port()) + "\n";
  Host host(Secure(certificate, line + Trusting(certificate)));
  const auto response = host.Ask(MessageBody("[[postern text \"through the tunnel\"]]"));
  EXPECT_EQ(response.status, 200) << response.body << proxy.log();
  EXPECT_THAT(proxy.log(), HasSubstr("CONNECT localhost:" + std::to_string(host.provider_port())));
}

TEST(ProxiedUpstream, APlainProviderIsAskedForByItsWholeUrl) {
  const Proxy proxy;
  ASSERT_TRUE(proxy.exists());
  Host host({.provider_name = "localhost",
             .upstream_lines =
                 "  proxy: http://carol:opensesame@127.0.0.1:" + std::to_string(proxy.port()) + "\n"});
  const auto response = host.Ask(MessageBody("[[postern text \"by its url\"]]"));
  EXPECT_EQ(response.status, 200) << response.body << proxy.log();
  EXPECT_THAT(proxy.log(),
              HasSubstr("http://localhost:" + std::to_string(host.provider_port()) + "/v1/messages"));
}

TEST(ProxiedUpstream, AProxyThatRefusesIsNamedAndItsPasswordIsNot) {
  const Proxy proxy;
  ASSERT_TRUE(proxy.exists());
  const TemporaryDirectory files;
  const Certificate certificate = MakeCertificate(files);
  Host host(Secure(certificate, "  proxy: http://carol:wrong-word@127.0.0.1:" + std::to_string(proxy.port()) +
                                    "\n" + Trusting(certificate)));
  const auto response = host.Ask(MessageBody("hello"));
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("refused a tunnel with status 40"));
  EXPECT_EQ(response.body.find("wrong-word"), std::string::npos);
  EXPECT_EQ(host.agent().errors().find("wrong-word"), std::string::npos);
}

TEST(ProxiedUpstream, TheEnvironmentsProxyIsTakenUnlessTheHostIsExempt) {
  const Proxy proxy;
  ASSERT_TRUE(proxy.exists());
  const TemporaryDirectory files;
  const Certificate certificate = MakeCertificate(files);
  const std::string url = "http://carol:opensesame@127.0.0.1:" + std::to_string(proxy.port());
  HostOptions options = Secure(certificate, "  proxy: from environment\n" + Trusting(certificate));
  options.variables = {{"HTTPS_PROXY", url}, {"https_proxy", ""}, {"NO_PROXY", ""}, {"no_proxy", ""}};
  Host proxied(options);
  EXPECT_EQ(proxied.Ask(MessageBody("x")).status, 200);
  EXPECT_THAT(proxy.log(), HasSubstr("CONNECT localhost:" + std::to_string(proxied.provider_port())));
  options.variables["NO_PROXY"] = "localhost";
  Host direct(options);
  EXPECT_EQ(direct.Ask(MessageBody("x")).status, 200);
  EXPECT_EQ(proxy.log().find("CONNECT localhost:" + std::to_string(direct.provider_port())),
            std::string::npos);
}

}  // namespace
}  // namespace postern::end_to_end
