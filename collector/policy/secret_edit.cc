#include "collector/policy/secret_edit.h"

#include "collector/policy/splice.h"
#include "shared/base/hex.h"

namespace postern::policies {
namespace {

const Keys kAllowed{"secrets", "allowed"};

// Its place in the list, which is read in the text's order.
std::optional<size_t> PlaceOf(const wire::Policy& policy, const std::string& fingerprint) {
  const auto& allowed = policy.secrets().allowed();
  for (int i = 0; i < allowed.size(); ++i) {
    if (allowed[i].fingerprint() == fingerprint) return static_cast<size_t>(i);
  }
  return std::nullopt;
}

// In quotes: a fingerprint may have nothing but digits.
std::string ValueOf(const wire::AllowedSecret& allowed, const wire::TimeZone& zone) {
  std::string value =
      "{fingerprint: \"" + ToHex(allowed.fingerprint()) + "\", reason: " + Scalar(allowed.reason());
  if (allowed.until() != 0) value += ", until: " + Moment(allowed.until(), zone);
  return value + "}";
}

}  // namespace

Result<std::string> WithAllowedSecret(std::string_view yaml, const wire::Policy& policy,
                                      const wire::AllowedSecret& allowed) {
  std::string text(yaml);
  if (const auto place = PlaceOf(policy, allowed.fingerprint())) {
    ASSIGN_OR_RETURN(text, RemoveItem(text, kAllowed, *place));
  }
  return AppendItem(text, kAllowed, ValueOf(allowed, policy.time_zone()));
}

Result<std::string> WithoutAllowedSecret(std::string_view yaml, const wire::Policy& policy,
                                         const std::string& fingerprint) {
  const auto place = PlaceOf(policy, fingerprint);
  if (!place) return Error{ErrorCode::kNotFound, "no secret with this fingerprint is let through"};
  return RemoveItem(yaml, kAllowed, *place);
}

}  // namespace postern::policies
