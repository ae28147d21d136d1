// Where the collector is and who asks: kept by `postern login` in a file for its owner alone, or said by the
// environment for a script.
//
//   ~/.config/postern/profile.yaml   ($XDG_CONFIG_HOME/postern/…)
//
//   url: https://keep.example.com:4790
//   fingerprint: 3f0c…            or  authority: /etc/ssl/keep.pem, or neither: the system's authorities
//   token: psa_…
//
// POSTERN_URL with POSTERN_TOKEN_FILE, and perhaps POSTERN_FINGERPRINT or POSTERN_CA_FILE, are taken instead.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "shared/base/result.h"

namespace postern::cli {

struct Profile {
  std::string url;
  std::string fingerprint;
  std::string authority;
  std::string token;
};

using Environment = std::function<std::optional<std::string>(const char* name)>;

// kInvalid where neither HOME nor XDG_CONFIG_HOME is set.
Result<std::filesystem::path> ProfileFile(const Environment& environment);

// kInvalid, with what to do, where nobody has logged in, the file is open to others or isn't right.
Result<Profile> LoadProfile(const Environment& environment);

// Makes the directory (0700) and the file (0600), in place of an older one.
Status SaveProfile(const Environment& environment, const Profile& profile);

// The token in a text: white space around it is dropped. kInvalid, never showing it, where it isn't an
// administrator's token.
Result<std::string> TokenIn(const std::string& text);

std::optional<std::string> ProcessEnvironment(const char* name);

}  // namespace postern::cli
