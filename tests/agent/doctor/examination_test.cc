#include "agent/doctor/examination.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/rest/server.h"
#include "shared/tls/certificate.h"
#include "tests/support/certificate.h"
#include "tests/support/held_port.h"

namespace postern::doctor {
namespace {

TEST(Examination, TheStateIsPrivateOrAFinding) {
  const support::TemporaryDirectory directory;
  agent::AgentConfig config;
  config.audit.spool_max_bytes = 16 << 20;
  config.state = directory / "nowhere";
  EXPECT_EQ(ExamineState(config).verdict, Verdict::kNote);
  config.state = directory.path();
  EXPECT_EQ(ExamineState(config).verdict, Verdict::kGood) << ExamineState(config).sentence;
  ASSERT_EQ(chmod(directory.path().c_str(), 0755), 0);
  EXPECT_EQ(ExamineState(config).verdict, Verdict::kFinding);
  config.state = directory.Write("file", "");
  EXPECT_EQ(ExamineState(config).verdict, Verdict::kFinding);
}

TEST(Examination, TheClockMustBeAboutTheCollectors) {
  const WallTime now = *ParseHttpDate("Sun, 29 Nov 2026 17:00:00 GMT");
  EXPECT_EQ(ExamineClock(now, {}).verdict, Verdict::kGood);
  EXPECT_EQ(ExamineClock(WallTime(std::chrono::hours(1)), {}).verdict, Verdict::kFinding);
  EXPECT_EQ(ExamineClock(now, now + std::chrono::seconds(60)).verdict, Verdict::kGood);
  EXPECT_NE(ExamineClock(now, now + std::chrono::seconds(90)).sentence.find("90 seconds behind"),
            std::string::npos);
  EXPECT_NE(ExamineClock(now, now - std::chrono::seconds(90)).sentence.find("90 seconds ahead"),
            std::string::npos);
}

TEST(Examination, ReadsDatesOfHttpOnly) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), WallTime(std::chrono::seconds(784111777)));
  EXPECT_FALSE(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT").has_value());
  EXPECT_FALSE(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT+1").has_value());
}

TEST(Examination, APortThatSomebodyHasIsAFinding) {
  const int taken = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const agent::Address where{"127.0.0.1", ntohs(address.sin_port)};
  EXPECT_EQ(ExaminePort("port", where).verdict, Verdict::kFinding);
  ::close(taken);
  EXPECT_EQ(ExaminePort("port", where).verdict, Verdict::kGood);
}

TEST(Examination, TheCollectorIsKnownByItsKey) {
  const support::TemporaryDirectory directory;
  const support::Certificate certificate = support::MakeCertificate(directory);
  rest::ServerOptions options;
  options.certificate = certificate.certificate;
  options.key = certificate.key;
  const auto server =
      *rest::Server::Start(options, [](const rest::Request&) { return rest::Json(200, "{}"); });
  membership::Enrolment enrolment{
      .agent = "agent0000001",
      .collector = "00",
      .url = "https://localhost:" + std::to_string(server->port()),
      .fingerprint = *tls::Fingerprint(support::ReadFile(certificate.certificate)),
      .bus = "127.0.0.1:" + std::to_string(server->port()),
      .server_key = {},
      .log_key = crypto::SigningKey::Generate().public_key(),
      .enrolled = "now",
      .conversation_key = {},
      .sealing_key = crypto::AgreementKey::Generate()};
  std::optional<WallTime> time;
  for (const Observation& each : ExamineCollector(enrolment, time))
    EXPECT_EQ(each.verdict, Verdict::kGood) << each.sentence;
  enrolment.fingerprint = std::string(64, 'a');
  const support::HeldPort nobodys;
  enrolment.bus = "127.0.0.1:" + std::to_string(nobodys.number());
  for (const Observation& each : ExamineCollector(enrolment, time))
    EXPECT_EQ(each.verdict, Verdict::kFinding) << each.sentence;
}

TEST(Examination, ManagedSettingsAreReadInTheOrderInWhichTheyAreMerged) {
  const support::TemporaryDirectory directory;
  EXPECT_TRUE(ReadManagedSettings(directory.path()).empty());
  directory.Write("managed-settings.d/20.json", "{}");
  directory.Write("managed-settings.d/10.json", "{}");
  directory.Write("managed-settings.d/notes.txt", "{}");
  directory.Write("managed-settings.json", "{}");
  const auto files = ReadManagedSettings(directory.path());
  ASSERT_EQ(files.size(), 3u);
  EXPECT_TRUE(files[0].path.ends_with("managed-settings.json"));
  EXPECT_TRUE(files[1].path.ends_with("10.json"));
}

TEST(Examination, TimesOfTheWebAreReadWhereTheyCanBeHeld) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), WallTime(std::chrono::seconds(784'111'777)));
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ", "06 Nov 1994",
                           "Sun, 06 Nov 3988 08:49:37 GMT", "Sun, 06 Nov 1066 08:49:37 GMT"})
    EXPECT_FALSE(ParseHttpDate(text)) << text;
}

}  // namespace
}  // namespace postern::doctor
