#include "collector/cli/profile.h"

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <sys/stat.h>

#include "shared/config/node.h"
#include "shared/crypto/key_file.h"
#include "shared/crypto/wiped.h"
#include "shared/tokens/token.h"

namespace postern::cli {
namespace {

constexpr const char* kLogIn =
    "nobody has logged in: postern login URL --fingerprint … --token-file FILE, with what postern-collector "
    "init printed";

Result<std::string> ReadTokenFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kInvalid, "POSTERN_TOKEN_FILE: " + path + " can't be read"};
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const crypto::WipeAtEnd wipe(text);
  return TokenIn(text);
}

Result<Profile> FromEnvironment(const std::string& url, const Environment& environment) {
  const auto token_file = environment("POSTERN_TOKEN_FILE");
  if (!token_file)
    return Error{ErrorCode::kInvalid, "POSTERN_URL is set, and POSTERN_TOKEN_FILE isn't: both are needed"};
  Profile profile{
      url, environment("POSTERN_FINGERPRINT").value_or(""), environment("POSTERN_CA_FILE").value_or(""), {}};
  ASSIGN_OR_RETURN(profile.token, ReadTokenFile(*token_file));
  return profile;
}

Result<Profile> Read(const std::string& text, const std::string& name) {
  ASSIGN_OR_RETURN(const config::Node root, config::Parse(text, name));
  ASSIGN_OR_RETURN(const config::Map map, root.AsMap({"url", "fingerprint", "authority", "token"}));
  Profile profile;
  ASSIGN_OR_RETURN(const config::Node url, map.Require("url"));
  ASSIGN_OR_RETURN(profile.url, url.AsString());
  ASSIGN_OR_RETURN(const config::Node token, map.Require("token"));
  ASSIGN_OR_RETURN(std::string token_text, token.AsSecret());
  ASSIGN_OR_RETURN(profile.token, TokenIn(token_text));
  if (const auto fingerprint = map.Find("fingerprint")) {
    ASSIGN_OR_RETURN(profile.fingerprint, fingerprint->AsString());
  }
  if (const auto authority = map.Find("authority")) {
    ASSIGN_OR_RETURN(profile.authority, authority->AsString());
  }
  return profile;
}

// In double quotes; what has to be quoted there is escaped.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

Result<std::filesystem::path> ProfileFile(const Environment& environment) {
  if (const auto directory = environment("XDG_CONFIG_HOME"); directory && !directory->empty())
    return std::filesystem::path(*directory) / "postern" / "profile.yaml";
  if (const auto home = environment("HOME"); home && !home->empty())
    return std::filesystem::path(*home) / ".config" / "postern" / "profile.yaml";
  return Error{ErrorCode::kInvalid, "HOME is not set, so there is no place for the profile"};
}

Result<Profile> LoadProfile(const Environment& environment) {
  if (const auto url = environment("POSTERN_URL")) return FromEnvironment(*url, environment);
  ASSIGN_OR_RETURN(const std::filesystem::path path, ProfileFile(environment));
  auto text = crypto::ReadKeyFile(path.string());
  if (!text && text.error().code == ErrorCode::kNotFound) return Error{ErrorCode::kInvalid, kLogIn};
  if (!text) return Error{ErrorCode::kInvalid, text.error().message};
  const crypto::WipeAtEnd wipe(*text);
  return Read(*text, path.string());
}

Status SaveProfile(const Environment& environment, const Profile& profile) {
  ASSIGN_OR_RETURN(const std::filesystem::path path, ProfileFile(environment));
  const auto is_there = [&] { return std::filesystem::is_directory(path.parent_path()); };
  const mode_t before = umask(0077);
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  umask(before);
  if (error || !is_there())
    return Error{ErrorCode::kDenied, path.parent_path().string() + " can't be made: " + error.message()};
  std::string text = "# Written by postern login. The token lets its holder administer Postern.\nurl: " +
                     Quoted(profile.url) + "\n";
  if (!profile.fingerprint.empty()) text += "fingerprint: " + Quoted(profile.fingerprint) + "\n";
  if (!profile.authority.empty()) text += "authority: " + Quoted(profile.authority) + "\n";
  text += "token: " + profile.token + "\n";
  const crypto::WipeAtEnd wipe(text);
  const Status written = crypto::WriteKeyFile(path.string(), text, crypto::Mode::kOwnerOnly);
  return written ? written : Status(Error{ErrorCode::kDenied, written.error().message});
}

Result<std::string> TokenIn(const std::string& text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  const size_t end = text.find_last_not_of(kSpace);
  std::string token = end == std::string::npos ? "" : text.substr(begin, end + 1 - begin);
  switch (tokens::Parse(tokens::Kind::kAdministrator, token).form) {
    case tokens::Form::kOurs: return token;
    case tokens::Form::kMistyped:
      return Error{ErrorCode::kInvalid, "the token is mistyped or cut: its check doesn't fit"};
    case tokens::Form::kForeign:
    case tokens::Form::kMalformed: break;
  }
  return Error{ErrorCode::kInvalid, "that is not an administrator's token: one begins with psa_"};
}

std::optional<std::string> ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace postern::cli
