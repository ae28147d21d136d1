// What collector.yaml says. Every field's initial value is the default; config/collector.yaml shows and
// explains them all.
//
// Reading is strict: an unknown key, a wrong value or a contradiction is an error that names file, line and
// key, and nothing of the file is used then. Nothing that the file names is opened here.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/log.h"
#include "shared/base/result.h"

namespace postern::collector {

// Paths are absolute after loading; in a file they are relative to its directory.
using Path = std::filesystem::path;

// A certificate of the organisation's own, instead of the one that `init` made.
struct CertificateConfig {
  Path certificate;  // PEM, the leaf first
  Path key;

  friend bool operator==(const CertificateConfig&, const CertificateConfig&) = default;
};

struct CollectorConfig {
  std::string listen = "0.0.0.0:4790";  // HTTPS
  std::string agents = "0.0.0.0:4791";  // the conversation
  // Where agents reach `agents`, "host:port": where it is empty, at the host by which they reach the API.
  std::string agents_address;
  Path state = "/var/lib/postern-collector";
  std::optional<Path> master_key_file;
  std::optional<CertificateConfig> own_certificate;
  std::string organisation = "organisation";
  // The price table, so that a policy which names an unknown model is noticed: where it isn't set,
  // models.yaml beside the configuration, if there is one.
  std::optional<Path> models;
  // The public half of an administrator's offline key, 32 bytes: only policies signed with it are taken.
  std::optional<std::string> policy_key;
  std::chrono::seconds credential_lifetime = std::chrono::hours(24);
  Level log_level = Level::kInfo;
  LogFormat log_format = LogFormat::kText;

  Path master_key() const { return master_key_file.value_or(state / "master.key"); }
  Path certificate() const { return own_certificate ? own_certificate->certificate : state / "tls.crt"; }
  Path certificate_key() const { return own_certificate ? own_certificate->key : state / "tls.key"; }
  Path socket() const { return state / "collector.sock"; }

  friend bool operator==(const CollectorConfig&, const CollectorConfig&) = default;
};

// kNotFound where the file can't be opened, kInvalid for anything wrong in it (both: exit 2).
Result<CollectorConfig> LoadCollectorConfig(const Path& path);

// The same for a text: `name` is what errors call it, `directory` what relative paths are relative to.
Result<CollectorConfig> ParseCollectorConfig(std::string_view text, std::string_view name,
                                             const Path& directory);

}  // namespace postern::collector
