// Secrets that are let through, over the real API.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/api/keep.h"

namespace postern::api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kOne = "00112233445566778899aabbccddeeff";
const std::string kOther = "ffeeddccbbaa99887766554433221100";

class AllowedSecrets : public ::testing::Test {
 protected:
  Reply Allow(const std::string& fingerprint, const std::string& more) {
    return keep_.Admin("POST", "/v1/secrets/allowed",
                       R"({"fingerprint":")" + fingerprint + "\"," + more + "}");
  }
  std::string Source() { return (*keep_.policies().Current())->source; }
  std::string List() { return keep_.Call(keep_.viewer, "GET", "/v1/secrets/allowed").body; }

  Keep keep_;
};

TEST_F(AllowedSecrets, EachIsALineOfThePolicyAndAVersion) {
  EXPECT_EQ(List(), R"({"items":[]})");
  const Reply allowed = Allow(kOne, R"("reason":"of the public example","until":"2200-01-01T00:00:00Z")");
  EXPECT_EQ(allowed.status, 200) << allowed.body;
  EXPECT_THAT(allowed.body, HasSubstr("\"how\":\"secret " + kOne + " let through\""));
  EXPECT_THAT(Source(), HasSubstr("\nsecrets:\n  allowed:\n    - {fingerprint: \"" + kOne +
                                  "\", reason: \"of the public example\", until: 2200-01-01}\n"));
  EXPECT_EQ(keep_.LastAdministration().action() + " " + keep_.LastAdministration().target(),
            "secret.allow " + kOne);
  EXPECT_EQ(Allow(kOther, R"("reason":"test")").status, 200);
  EXPECT_THAT(List(), AllOf(HasSubstr(R"("until":"2200-01-01T00:00:00.000000000Z")"),
                            HasSubstr(R"("reason":"test","until":null)")));
  // Again: another reason for the same one.
  EXPECT_EQ(Allow(kOne, R"("reason":"still public")").status, 200);
  EXPECT_THAT(List(), AllOf(HasSubstr("still public"), Not(HasSubstr("of the public example"))));
  EXPECT_EQ((*keep_.policies().Current())->policy.secrets().allowed_size(), 2);
}

TEST_F(AllowedSecrets, OneThatIsRemovedIsGone) {
  Allow(kOne, R"("reason":"test")");
  Allow(kOther, R"("reason":"test")");
  EXPECT_EQ(keep_.Admin("DELETE", "/v1/secrets/allowed/" + kOne).status, 200);
  EXPECT_THAT(List(), AllOf(HasSubstr(kOther), Not(HasSubstr(kOne))));
  EXPECT_EQ(keep_.Admin("DELETE", "/v1/secrets/allowed/" + kOne).status, 404);
  EXPECT_EQ(keep_.LastAdministration().outcome(), "refused");
  EXPECT_EQ(keep_.Admin("DELETE", "/v1/secrets/allowed/" + kOther).status, 200);
  EXPECT_THAT(Source(), Not(HasSubstr("secrets")));
}

TEST_F(AllowedSecrets, WhatIsNoFingerprintOrHasNoReasonIsRefused) {
  EXPECT_EQ(Allow("0011", R"("reason":"test")").status, 400);
  EXPECT_EQ(Allow(std::string(32, 'g'), R"("reason":"test")").status, 400);
  EXPECT_EQ(Allow(kOne, R"("reason":"")").status, 400);
  EXPECT_EQ(Allow(kOne, R"("until":null)").status, 400);
  EXPECT_EQ(Allow(kOne, R"("reason":"test","until":"2020-01-01T00:00:00Z")").status, 400);
  EXPECT_EQ(keep_.Admin("DELETE", "/v1/secrets/allowed/nothing").status, 400);
  EXPECT_EQ(keep_.Call(keep_.viewer, "DELETE", "/v1/secrets/allowed/" + kOne).status, 403);
  EXPECT_EQ((*keep_.policies().Current())->version.version, 1u);
}

}  // namespace
}  // namespace postern::api
