#include "agent/enrolment/token_text.h"

#include <algorithm>

#include "shared/tokens/token.h"

namespace postern::enrolment {
namespace {

constexpr size_t kFingerprintDigits = 64;

std::string_view Trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool IsFingerprint(std::string_view text) {
  return text.size() == kFingerprintDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Error Invalid(std::string_view sentence) { return {ErrorCode::kInvalid, std::string(sentence)}; }

}  // namespace

Result<TokenText> ParseTokenText(std::string_view text) {
  text = Trim(text);
  if (text.empty()) return Invalid("there is no enrolment token");
  const size_t at = text.find('@');
  const std::string_view token = text.substr(0, at);
  switch (tokens::Parse(tokens::Kind::kEnrolment, token).form) {
    case tokens::Form::kOurs: break;
    case tokens::Form::kForeign: return Invalid("this is no enrolment token: it does not begin with pse_");
    case tokens::Form::kMalformed:
      return Invalid("the enrolment token is cut or has wrong characters; copy it again whole");
    case tokens::Form::kMistyped:
      return Invalid("the enrolment token has a typing error; copy it again whole");
  }
  if (at == std::string_view::npos)
    return Invalid("the enrolment token has no fingerprint: copy it whole, with the @ and what follows");
  const std::string_view fingerprint = text.substr(at + 1);
  if (!IsFingerprint(fingerprint))
    return Invalid("what follows the @ of the enrolment token is no fingerprint; copy it again whole");
  return TokenText{std::string(token), std::string(fingerprint)};
}

}  // namespace postern::enrolment
