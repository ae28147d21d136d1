#include "agent/operations/secrets_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SecretsView Some() {
  SecretsView view;
  view.rules.count = 191;
  view.counts = {.requests = 10, .by_worker = 3, .bytes = 1000, .warned = 1, .redacted = 5, .blocked = 2};
  view.sessions = 4;
  return view;
}

TEST(SecretsReport, MetricsTellWhatWasDone) {
  std::string out;
  AppendSecretsMetrics(out, Some());
  EXPECT_THAT(out, HasSubstr("postern_secrets_total{action=\"redact\"} 5\n"));
  EXPECT_THAT(out, HasSubstr("postern_secrets_total{action=\"block\"} 2\n"));
  EXPECT_THAT(out, HasSubstr("postern_secrets_scanned_requests_total{thread=\"loop\"} 7\n"));
  EXPECT_THAT(out, HasSubstr("postern_secrets_scanned_requests_total{thread=\"worker\"} 3\n"));
  EXPECT_THAT(out, HasSubstr("postern_secret_rules 191\n"));
  EXPECT_THAT(out, HasSubstr("postern_secret_rules_failed 0\n"));
}

TEST(SecretsReport, TheStatusSaysWhetherTheRulesAreReady) {
  EXPECT_THAT(SecretsMembers(Some()), HasSubstr(R"("secret_rules_state":"compiling")"));
  SecretsView failed = Some();
  failed.rules.wrong = "secrets.rules:1: no";
  EXPECT_THAT(SecretsMembers(failed), HasSubstr(R"("secret_rules_state":"failed")"));
  EXPECT_THAT(SecretsMembers(failed), HasSubstr("secrets.rules:1: no"));
  EXPECT_THAT(SecretsMembers(Some()), Not(HasSubstr("wrong")));
}

}  // namespace
}  // namespace postern::operations
