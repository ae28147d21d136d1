#include "collector/backup.h"

#include <filesystem>

#include "shared/crypto/key_file.h"
#include "shared/crypto/wiped.h"
#include "shared/json/writer.h"

namespace postern::collector {
namespace {

namespace fs = std::filesystem;

Status MakeDirectory(const fs::path& directory) {
  if (!directory.is_absolute()) return Error{ErrorCode::kInvalid, "an absolute path is needed"};
  std::error_code error;
  if (fs::exists(directory, error) && !fs::is_empty(directory, error))
    return Error{ErrorCode::kInvalid,
                 directory.string() + " is not empty: a backup needs a directory of its own"};
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return Error{ErrorCode::kInvalid, directory.string() + " can't be made: " + error.message()};
  return Ok{};
}

Status CopyKey(const fs::path& from, const fs::path& to) {
  ASSIGN_OR_RETURN(std::string text, crypto::ReadKeyFile(from.string()));
  const crypto::WipeAtEnd wipe(text);
  return crypto::WriteKeyFile(to.string(), text, crypto::Mode::kOwnerOnly);
}

Status CopyCertificate(const CollectorConfig& config, const fs::path& directory) {
  if (config.own_certificate) return Ok{};  // the organisation's own, with its own copies
  RETURN_IF_ERROR(CopyKey(config.certificate_key(), directory / "tls.key"));
  std::error_code error;
  fs::copy_file(config.certificate(), directory / "tls.crt", error);
  if (error) return Error{ErrorCode::kUnavailable, "tls.crt can't be copied: " + error.message()};
  return Ok{};
}

}  // namespace

Result<std::string> Backup(const CollectorConfig& config, store::Store& store, const std::string& directory) {
  const fs::path target(directory);
  RETURN_IF_ERROR(MakeDirectory(target));
  RETURN_IF_ERROR(store.Backup(target / "store"));
  for (const char* name : {"log.key", "policy.key", "curve.key"})
    RETURN_IF_ERROR(CopyKey(config.state / name, target / name));
  RETURN_IF_ERROR(CopyCertificate(config, target));
  RETURN_IF_ERROR(CopyKey(config.state / "collector.id", target / "collector.id"));
  const store::StoreStats stats = store.stats();
  json::Writer writer;
  writer.BeginObject()
      .Text("directory", directory)
      .Integer("log_size", stats.log_size)
      .Integer("revision", stats.revision)
      .Text("apart", config.master_key().string())
      .EndObject();
  return writer.Take();
}

}  // namespace postern::collector
