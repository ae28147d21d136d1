#include "agent/enrolment/enrolment_call.h"

#include <algorithm>
#include <charconv>

#include "shared/base/hex.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"
#include "shared/tokens/token.h"

namespace postern::enrolment {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kMaxText = 256;

Result<std::string> ReadKey(const json::Object& answer, std::string_view name) {
  ASSIGN_OR_RETURN(const std::string text, answer.Text(name));
  auto bytes = FromHex(text);
  if (bytes && bytes->size() == kKeyBytes) return bytes;
  return Error{ErrorCode::kInvalid, "\"" + std::string(name) + "\" must be 64 hexadecimal digits"};
}

bool IsPort(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() && port > 0 && port < 65536;
}

Result<std::string> ReadBus(const json::Object& answer, std::string_view host) {
  ASSIGN_OR_RETURN(const std::string text, answer.Text("bus"));
  const size_t colon = text.rfind(':');
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (colon == std::string::npos || text.size() > kMaxText || !plain ||
      !IsPort(std::string_view(text).substr(colon + 1))) {
    return Error{ErrorCode::kInvalid, "\"bus\" must be an address with a port"};
  }
  if (colon != 0) return text;
  const bool is_v6 = host.find(':') != std::string_view::npos;
  return (is_v6 ? "[" + std::string(host) + "]" : std::string(host)) + text;
}

}  // namespace

std::string Body(const Application& application) {
  json::Writer out;
  out.BeginObject();
  out.Text("token", application.token);
  out.Text("host", application.host);
  out.Text("machine", ToHex(application.machine));
  out.Text("curve_key", ToHex(application.curve_key));
  out.Text("seal_key", ToHex(application.seal_key));
  out.Text("sealing_key", ToHex(application.sealing_key));
  out.Text("version", application.version);
  out.EndObject();
  return out.Take();
}

Result<Admission> ReadAnswer(std::string_view body, std::string_view host) {
  ASSIGN_OR_RETURN(const json::Value value, json::Parse(body));
  ASSIGN_OR_RETURN(const json::Object answer, value.AsOpenObject());
  ASSIGN_OR_RETURN(const std::string log_bytes, ReadKey(answer, "log_key"));
  ASSIGN_OR_RETURN(crypto::PublicKey log_key, crypto::PublicKey::FromBytes(log_bytes));
  Admission admission{
      .agent = {}, .collector = {}, .curve_key = {}, .log_key = std::move(log_key), .bus = {}};
  ASSIGN_OR_RETURN(admission.agent, answer.Text("agent"));
  if (!tokens::IsId(admission.agent)) return Error{ErrorCode::kInvalid, "\"agent\" must be an agent's id"};
  ASSIGN_OR_RETURN(admission.collector, answer.Text("collector"));
  const auto id = FromHex(admission.collector);
  if (!id || id->empty() || id->size() > kKeyBytes)
    return Error{ErrorCode::kInvalid, "\"collector\" must be a hexadecimal id"};
  ASSIGN_OR_RETURN(const std::string curve, ReadKey(answer, "curve_key"));
  std::copy(curve.begin(), curve.end(), admission.curve_key.begin());
  ASSIGN_OR_RETURN(admission.bus, ReadBus(answer, host));
  return admission;
}

}  // namespace postern::enrolment
