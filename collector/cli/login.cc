#include "collector/cli/login.h"

#include <filesystem>
#include <ostream>

#include "collector/cli/api.h"
#include "collector/cli/output.h"
#include "collector/cli/profile.h"
#include "collector/cli/secret_input.h"
#include "shared/crypto/wiped.h"

namespace postern::cli {
namespace {

using command_line::Completes;

constexpr std::chrono::seconds kLook{10};

// Who can't be trusted without a fingerprint shows one, which a person can compare.
Error WithFingerprint(const rest::Url& url, const Error& error, const Profile& profile) {
  if (error.code != ErrorCode::kDenied || !profile.fingerprint.empty()) return error;
  const auto shown = rest::ShownFingerprint(url, kLook);
  if (!shown) return error;
  return {ErrorCode::kDenied, error.message + ". It shows the fingerprint " + *shown +
                                  ": compare that with what postern-collector init printed, and give it as "
                                  "--fingerprint"};
}

Result<Profile> ReadProfile(const Invocation& call, const rest::Url& url) {
  Profile profile{url.ToString(), call.arguments.ValueOr("fingerprint", ""), {}, {}};
  if (const auto authority = call.arguments.Value("ca-file"))
    profile.authority = std::filesystem::absolute(*authority);
  if (!profile.fingerprint.empty() && !profile.authority.empty())
    return Error{ErrorCode::kInvalid, "--fingerprint and --ca-file: one of them decides, so give one"};
  ASSIGN_OR_RETURN(std::string text, ReadSecret(call, "token-file", "Administrator's token"));
  const crypto::WipeAtEnd wipe(text);
  ASSIGN_OR_RETURN(profile.token, TokenIn(text));
  return profile;
}

Status LogIn(const Invocation& call) {
  ASSIGN_OR_RETURN(const rest::Url url, rest::Url::Parse(call.word(0)));
  ASSIGN_OR_RETURN(Profile profile, ReadProfile(call, url));
  const crypto::WipeAtEnd wipe(profile.token);
  ASSIGN_OR_RETURN(const Api api, Api::Open(profile));
  const auto whoami = api.Get("/v1/whoami");
  if (!whoami) return WithFingerprint(url, whoami.error(), profile);
  RETURN_IF_ERROR(SaveProfile(ProcessEnvironment, profile));
  if (call.arguments.Has("json")) {
    call.out << JsonText(*whoami) << '\n';
  } else {
    call.err << "Logged in to " << profile.url << " as " << Cell(*whoami, "name") << " ("
             << Cell(*whoami, "role") << ").\n";
  }
  return Ok{};
}

Status LogOut(const Invocation& call) {
  ASSIGN_OR_RETURN(const std::filesystem::path path, ProfileFile(ProcessEnvironment));
  std::error_code error;
  const bool removed = std::filesystem::remove(path, error);
  if (error) return Error{ErrorCode::kDenied, path.string() + " can't be removed: " + error.message()};
  call.err << (removed
                   ? "The profile is removed; the token itself stays good until it is removed or expires.\n"
                   : "Nobody was logged in.\n");
  return Ok{};
}

Status WhoAmI(const Invocation& call) {
  ASSIGN_OR_RETURN(const Api api, Api::Open());
  ASSIGN_OR_RETURN(const json::Value whoami, api.Get("/v1/whoami"));
  PrintRecord(call, whoami);
  return Ok{};
}

}  // namespace

std::vector<command_line::Command> LoginCommands() {
  return {
      {.name = "login",
       .words = "URL",
       .sentence = "Remembers a collector and an administrator's token, once the collector knows the token.",
       .details =
           "The collector is known by the fingerprint of its certificate key, which postern-collector init "
           "printed, or by a certificate of an authority. The token is read from a file or from standard "
           "input, never from the command line; at a terminal it is asked for.\n\n"
           "  PROGRAM login https://keep.example.com:4790 --fingerprint 3f0c… --token-file token",
       .options = {{.name = "fingerprint",
                    .value = "HEX",
                    .sentence = "SHA-256 of the collector's public key: 64 hexadecimal digits."},
                   {.name = "ca-file",
                    .value = "FILE",
                    .sentence = "Authorities to trust instead of the system's, in PEM.",
                    .completes = Completes::kFiles},
                   {.name = "token-file",
                    .value = "FILE",
                    .sentence = "Where the token is; - for standard input.",
                    .completes = Completes::kFiles},
                   kJsonOption},
       .run = Run<LogIn>},
      {.name = "logout", .sentence = "Forgets what login remembered.", .run = Run<LogOut>},
      {.name = "whoami",
       .sentence = "Shows whose token this is, and whose collector.",
       .options = {kJsonOption},
       .run = Run<WhoAmI>},
  };
}

}  // namespace postern::cli
