#include "tests/support/provider/options.h"

#include <charconv>
#include <string_view>

namespace postern::provider {
namespace {

template <class T>
Status ReadNumber(const std::string& name, const std::string& text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error == std::errc{} && end == text.data() + text.size()) return Ok{};
  return Error{ErrorCode::kInvalid, name + " wants a number"};
}

bool SetFlag(Options& options, std::string_view name) {
  if (name == "--strict") return options.strict = true;
  if (name == "--record-bodies") return options.record_bodies = true;
  if (name == "--die-with-parent") return options.die_with_parent = true;
  return false;
}

Status SetValue(Options& options, const std::string& name, const std::string& value) {
  if (name == "--port") return ReadNumber(name, value, options.port);
  if (name == "--records") return ReadNumber(name, value, options.records);
  if (name == "--address") {
    options.address = value;
  } else if (name == "--tls-certificate") {
    options.tls_certificate = value;
  } else if (name == "--tls-key") {
    options.tls_key = value;
  } else if (name == "--tls-client-authority") {
    options.tls_client_authority = value;
  } else if (name == "--api-key") {
    options.api_key = value;
  } else if (name == "--record") {
    options.record_directory = value;
  } else {
    return Error{ErrorCode::kInvalid, "there is no option " + name};
  }
  return Ok{};
}

}  // namespace

Result<Options> ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    std::string name = argv[i];
    if (SetFlag(options, name)) continue;
    std::string value;
    if (const size_t equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (i + 1 < argc) {
      value = argv[++i];
    } else {
      return Error{ErrorCode::kInvalid, name + " is no option or wants a value"};
    }
    RETURN_IF_ERROR(SetValue(options, name, value));
  }
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return Error{ErrorCode::kInvalid, "--tls-certificate and --tls-key go together"};
  }
  return options;
}

}  // namespace postern::provider
