#include "shared/tls/certificate.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/tls/session.h"
#include "tests/support/certificate.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::tls {
namespace {

using std::chrono::sys_days;
using testing::HasSubstr;

// A date of each of the two forms in which certificates write them.
const CertificateRequest kRequest{.names = {"collector.example", "10.1.2.3", "2001:db8::1"},
                                  .from = sys_days(std::chrono::year(2026) / 1 / 2),
                                  .to = sys_days(std::chrono::year(2126) / 1 / 2)};

std::string OpenSsl(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), "openssl");
  const auto finished = support::RunProcess({.argv = std::move(arguments), .input = input});
  EXPECT_TRUE(finished && finished->ending.code == 0) << (finished ? finished->errors : "");
  return finished ? finished->output : "";
}

TEST(Certificate, SaysWhatWasAskedFor) {
  const auto made = MakeSelfSigned(kRequest);
  ASSERT_TRUE(made);
  const std::string text = OpenSsl({"x509", "-noout", "-text"}, made->certificate);
  EXPECT_THAT(text, HasSubstr("CN = postern-collector"));
  EXPECT_THAT(text, HasSubstr("DNS:collector.example, IP Address:10.1.2.3, IP Address:2001:DB8:0:0:0:0:0:1"));
  EXPECT_THAT(text, HasSubstr("Not Before: Jan  2 00:00:00 2026 GMT"));
  EXPECT_THAT(text, HasSubstr("Not After : Jan  2 00:00:00 2126 GMT"));
  EXPECT_THAT(text, HasSubstr("prime256v1"));
  EXPECT_THAT(text, HasSubstr("ecdsa-with-SHA256"));
  EXPECT_THAT(text, HasSubstr("TLS Web Server Authentication"));
}

TEST(Certificate, HasTheFingerprintThatOpenSslComputes) {
  const support::TemporaryDirectory directory;
  const auto made = MakeSelfSigned(kRequest);
  ASSERT_TRUE(made);
  const std::string public_key = OpenSsl({"x509", "-noout", "-pubkey"}, made->certificate);
  OpenSsl({"pkey", "-pubin", "-outform", "DER", "-out", directory / "key.der"}, public_key);
  const std::string digest = OpenSsl({"dgst", "-sha256", "-r", directory / "key.der"}, "");
  EXPECT_EQ(*Fingerprint(made->certificate), digest.substr(0, 64));
}

TEST(Certificate, HasAKeyAndASerialOfItsOwn) {
  const auto one = MakeSelfSigned(kRequest), other = MakeSelfSigned(kRequest);
  ASSERT_TRUE(one && other);
  EXPECT_NE(*Fingerprint(one->certificate), *Fingerprint(other->certificate));
  EXPECT_NE(OpenSsl({"x509", "-noout", "-serial"}, one->certificate),
            OpenSsl({"x509", "-noout", "-serial"}, other->certificate));
}

TEST(Certificate, IsTakenByAServerTogetherWithItsKeyAndTrustsItself) {
  const support::TemporaryDirectory directory;
  const auto made = MakeSelfSigned(kRequest);
  ASSERT_TRUE(made);
  const std::string certificate = directory.Write("tls.crt", made->certificate);
  const std::string key = directory.Write("tls.key", made->key);
  EXPECT_TRUE(Context::Server({.certificate = certificate, .key = key}));
  EXPECT_THAT(OpenSsl({"verify", "-CAfile", certificate, "-purpose", "sslserver", "-verify_hostname",
                       "collector.example", certificate},
                      ""),
              HasSubstr("OK"));
}

TEST(Certificate, RefusesNamesThatAreNone) {
  for (const std::string name : {"", "a b", "DNS:evil", "a,IP:1.2.3.4", "[::1]", "1.2.3.4/8", "a\n"}) {
    CertificateRequest request = kRequest;
    request.names = {"good.example", name};
    EXPECT_EQ(MakeSelfSigned(request).error().code, ErrorCode::kInvalid) << name;
  }
  CertificateRequest request = kRequest;
  request.names.clear();
  EXPECT_EQ(MakeSelfSigned(request).error().code, ErrorCode::kInvalid);
}

TEST(Fingerprint, IsOfTheFirstCertificate) {
  const auto one = MakeSelfSigned(kRequest), other = MakeSelfSigned(kRequest);
  ASSERT_TRUE(one && other);
  EXPECT_EQ(*Fingerprint(one->certificate + other->certificate), *Fingerprint(one->certificate));
}

TEST(Fingerprint, NeedsACertificate) {
  for (const std::string& text : {std::string(), std::string("no PEM"), MakeSelfSigned(kRequest)->key})
    EXPECT_EQ(Fingerprint(text).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::tls
