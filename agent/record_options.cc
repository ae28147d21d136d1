#include "agent/record_options.h"

#include <chrono>
#include <fstream>
#include <iterator>

#include <sys/utsname.h>

#include "shared/base/version.h"
#include "shared/crypto/sha256.h"

namespace postern::agent {
namespace {

constexpr std::chrono::milliseconds kMemberSync{300};

Result<std::string> HashOfFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorCode::kNotFound, path.string() + ": can't be read"};
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const crypto::Digest digest = crypto::Sha256(text);
  return std::string(digest.begin(), digest.end());
}

const char* SyncName(AuditConfig::Sync sync) {
  switch (sync) {
    case AuditConfig::Sync::kBeforeAnswer: return "before_answer";
    case AuditConfig::Sync::kBeforeForward: return "before_forward";
    case AuditConfig::Sync::kOs: return "os";
  }
  return "";
}

spool::FullPolicy PolicyOf(AuditConfig::WhenFull when_full) {
  switch (when_full) {
    case AuditConfig::WhenFull::kRefuse: return spool::FullPolicy::kRefuse;
    case AuditConfig::WhenFull::kBlock: return spool::FullPolicy::kBlock;
    case AuditConfig::WhenFull::kGap: return spool::FullPolicy::kGap;
  }
  return spool::FullPolicy::kRefuse;
}

wire::Start DescribeStart(const AgentConfig& config, const std::string& config_hash) {
  wire::Start start;
  start.set_agent_version(std::string(kVersion));
  utsname system{};
  if (::uname(&system) == 0) {
    start.set_host(system.nodename);
    start.set_operating_system(std::string(system.sysname) + " " + system.release);
  }
  start.set_sync_mode(SyncName(config.audit.sync));
  start.set_configuration(config_hash);
  return start;
}

}  // namespace

std::string HostName() {
  utsname system{};
  return ::uname(&system) == 0 ? system.nodename : "";
}

Result<spool::Options> RecordOptions(const AgentConfig& config, const std::filesystem::path& config_file,
                                     Membership as) {
  ASSIGN_OR_RETURN(const std::string config_hash, HashOfFile(config_file));
  spool::Options options;
  options.journal.directory = config.state.string();
  options.journal.start = DescribeStart(config, config_hash);
  if (as == Membership::kMember) {
    options.journal.retention = spool::Retention::kAcknowledged;
    options.lazy_sync = kMemberSync;  // only what is synced is sent
  }
  options.sync =
      config.audit.sync == AuditConfig::Sync::kOs ? spool::SyncMode::kLazily : spool::SyncMode::kAtOnce;
  options.full = PolicyOf(config.audit.when_full);
  options.max_bytes = static_cast<uint64_t>(config.audit.spool_max_bytes);
  options.keep = config.audit.keep;
  options.stall_after = config.audit.sync_timeout;
  return options;
}

}  // namespace postern::agent
