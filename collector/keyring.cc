#include "collector/keyring.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "shared/base/clock.h"
#include "shared/base/hex.h"
#include "shared/crypto/key_file.h"
#include "shared/crypto/random.h"
#include "shared/crypto/wiped.h"
#include "shared/tls/certificate.h"

namespace postern::collector {
namespace {

constexpr size_t kIdBytes = 16;
constexpr std::chrono::days kCertificateAge(20 * 365);

std::string IdFile(const CollectorConfig& config) { return config.state / "collector.id"; }
std::string LogKeyFile(const CollectorConfig& config) { return config.state / "log.key"; }
std::string PolicyKeyFile(const CollectorConfig& config) { return config.state / "policy.key"; }
std::string CurveKeyFile(const CollectorConfig& config) { return config.state / "curve.key"; }

Error NotAsItShouldBe(const std::string& path, std::string_view what) {
  return {ErrorCode::kInvalid, path + " is not " + std::string(what)};
}

std::string WithoutNewline(std::string text) {
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

Result<crypto::SigningKey> ReadSigningKey(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, crypto::ReadKeyFile(path));
  const crypto::WipeAtEnd wipe(text);
  auto key = crypto::SigningKey::FromPem(text);
  if (!key) return NotAsItShouldBe(path, "an Ed25519 key in PEM");
  return key;
}

Result<bus::CurveKeys> ReadCurveKey(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, crypto::ReadKeyFile(path));
  const crypto::WipeAtEnd wipe(text);
  std::string digits = WithoutNewline(text);
  const crypto::WipeAtEnd wipe_digits(digits);
  auto raw = FromHex(digits);
  if (!raw || raw->size() != bus::CurveKey{}.size()) return NotAsItShouldBe(path, "64 hexadecimal digits");
  const crypto::WipeAtEnd wipe_raw(*raw);
  ASSIGN_OR_RETURN(const bus::CurveKey secret, bus::CurveKeyFromBytes(*raw));
  return bus::CurveKeys::FromSecret(secret);
}

Result<sealing::MasterKey> ReadMasterKey(const std::string& path) {
  ASSIGN_OR_RETURN(std::string text, crypto::ReadKeyFile(path));
  const crypto::WipeAtEnd wipe(text);
  auto key = sealing::MasterKey::FromText(text);
  if (!key) return NotAsItShouldBe(path, "64 hexadecimal digits");
  return key;
}

Result<std::string> ReadFingerprint(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, path + " can't be read"};
  const std::string pem{std::istreambuf_iterator<char>(file), {}};
  auto fingerprint = tls::Fingerprint(pem);
  if (!fingerprint) return NotAsItShouldBe(path, "a certificate in PEM");
  return fingerprint;
}

Result<std::string> ReadId(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, crypto::ReadKeyFile(path));
  const auto raw = FromHex(WithoutNewline(text));
  if (!raw || raw->size() != kIdBytes) return NotAsItShouldBe(path, "32 hexadecimal digits");
  return WithoutNewline(text);
}

// Everything but the id.
Result<Keyring> Load(const CollectorConfig& config, std::string id) {
  ASSIGN_OR_RETURN(auto log_key, ReadSigningKey(LogKeyFile(config)));
  ASSIGN_OR_RETURN(auto policy_key, ReadSigningKey(PolicyKeyFile(config)));
  ASSIGN_OR_RETURN(const auto curve, ReadCurveKey(CurveKeyFile(config)));
  ASSIGN_OR_RETURN(auto master_key, ReadMasterKey(config.master_key()));
  ASSIGN_OR_RETURN(auto fingerprint, ReadFingerprint(config.certificate()));
  return Keyring{std::move(id), std::move(log_key),    std::move(policy_key),
                 curve,         std::move(master_key), std::move(fingerprint)};
}

Status MakeUnlessThere(const std::string& path, const std::function<Result<std::string>()>& make) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return Ok{};
  ASSIGN_OR_RETURN(std::string text, make());
  const crypto::WipeAtEnd wipe(text);
  return crypto::WriteKeyFile(path, text, crypto::Mode::kOwnerOnly);
}

Status MakeSigningKey(const std::string& path) {
  return MakeUnlessThere(path, [] { return Result(crypto::SigningKey::Generate().ToPem()); });
}

Status MakeCertificate(const CollectorConfig& config, const std::vector<std::string>& names) {
  std::error_code ignored;
  if (config.own_certificate || std::filesystem::exists(config.certificate(), ignored)) return Ok{};
  const auto now = std::chrono::floor<std::chrono::seconds>(WallNow());
  ASSIGN_OR_RETURN(auto made,
                   tls::MakeSelfSigned({.names = names, .from = now, .to = now + kCertificateAge}));
  const crypto::WipeAtEnd wipe(made.key);
  // The certificate last: where it is there, its key is.
  RETURN_IF_ERROR(crypto::WriteKeyFile(config.certificate_key(), made.key, crypto::Mode::kOwnerOnly));
  return crypto::WriteKeyFile(config.certificate(), made.certificate, crypto::Mode::kReadable);
}

}  // namespace

bool IsInitialised(const CollectorConfig& config) {
  std::error_code ignored;
  return std::filesystem::exists(IdFile(config), ignored);
}

Result<Keyring> LoadKeyring(const CollectorConfig& config) {
  if (!IsInitialised(config)) {
    return Error{ErrorCode::kNotFound,
                 config.state.string() + " holds no collector yet: run postern-collector init first"};
  }
  ASSIGN_OR_RETURN(std::string id, ReadId(IdFile(config)));
  RETURN_IF_ERROR(MakeSigningKey(PolicyKeyFile(config)));
  return Load(config, std::move(id));
}

Result<Keyring> MakeKeyring(const CollectorConfig& config, const std::vector<std::string>& names) {
  RETURN_IF_ERROR(MakeSigningKey(LogKeyFile(config)));
  RETURN_IF_ERROR(MakeSigningKey(PolicyKeyFile(config)));
  RETURN_IF_ERROR(MakeUnlessThere(CurveKeyFile(config), []() -> Result<std::string> {
    return ToHex(bus::AsBytes(bus::CurveKeys::Generate().secret_key)) + "\n";
  }));
  RETURN_IF_ERROR(MakeUnlessThere(config.master_key(), []() -> Result<std::string> {
    ASSIGN_OR_RETURN(const auto key, sealing::MasterKey::Generate());
    return key.ToText();
  }));
  RETURN_IF_ERROR(MakeCertificate(config, names));
  std::array<uint8_t, kIdBytes> id{};
  crypto::RandomBytes(id);
  return Load(config, ToHex({reinterpret_cast<const char*>(id.data()), id.size()}));
}

Status FinishInitialising(const CollectorConfig& config, const Keyring& keyring) {
  return crypto::WriteKeyFile(IdFile(config), keyring.collector + "\n", crypto::Mode::kOwnerOnly);
}

}  // namespace postern::collector
