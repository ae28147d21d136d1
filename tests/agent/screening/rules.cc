#include "tests/agent/screening/rules.h"

#include "shared/base/check.h"
#include "shared/policy/policy_file.h"
#include "shared/secrets/rule_file.h"
#include "tests/support/paths.h"

namespace postern::screening {
namespace {

constexpr const char* kRules = R"(
[[rules]]
id = "badge"
regex = 'badge-[0-9a-f]{24}'
keywords = ["badge-"]
[[rules]]
id = "assigned"
regex = '(?i)secret\s*[=:]\s*([a-z0-9]{16,40})'
keywords = ["secret"]
[[rules]]
id = "key-block"
regex = '-----BEGIN KEY-----[\s\S]{16,900}?-----END KEY-----'
keywords = ["begin key"]
)";

constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};

}  // namespace

std::shared_ptr<const secrets::Scanner> SmallScanner() {
  static const auto scanner = [] {
    auto rules = secrets::ReadRules(kRules, "rules", {});
    CHECK(rules.has_value());
    auto made = secrets::Scanner::Make(*std::move(rules), {});
    CHECK(made.has_value());
    return std::make_shared<const secrets::Scanner>(*std::move(made));
  }();
  return scanner;
}

std::string BadgeOf(int number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string badge = "badge-";
  auto state = static_cast<uint32_t>(number) * 2654435761U + 12345;
  for (int i = 0; i < 24; ++i) {
    state = state * 1664525 + 1013904223;
    badge += kDigits[state >> 28];
  }
  return badge;
}

std::shared_ptr<const HostKeys> SomeKeys() {
  HostKeys keys;
  keys.placeholder.bytes()[0] = 1;
  keys.fingerprint.bytes()[0] = 2;
  return std::make_shared<const HostKeys>(std::move(keys));
}

Terms SmallTerms() {
  return {.scanner = SmallScanner(), .keys = SomeKeys(), .policy = nullptr, .orders = {}, .now = kNow};
}

Terms TermsOf(const std::string& policy) {
  auto file = policy::ReadPolicy("organisation:\n  name: example\n" + policy, "policy.yaml", {}, kNow);
  CHECK(file.has_value());
  auto compiled = policy::Compiled::Compile(file->policy, {});
  CHECK(compiled.has_value());
  Terms terms = SmallTerms();
  terms.policy = std::make_shared<const policy::Compiled>(*std::move(compiled));
  terms.orders = terms.policy->SecretOrdersFor({});
  return terms;
}

std::string SharedCache() { return support::InBuild("secrets.rules"); }

}  // namespace postern::screening
