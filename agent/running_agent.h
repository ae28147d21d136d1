// What runs between the start of an agent and its end; agent.h has its threads and their order.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "agent/agent.h"
#include "agent/collector_link.h"
#include "agent/credential_source.h"
#include "agent/gate/gate.h"
#include "agent/operations/operations.h"
#include "agent/purse/purse.h"
#include "agent/screening/screening.h"
#include "agent/spool/spool.h"
#include "shared/crypto/locked_secret.h"
#include "shared/http/resolver.h"
#include "shared/http/server.h"

namespace postern::agent {

// Made in the order of its members; the loop's coroutines go first. Owned by the loop
// thread, which is the one that makes it.
class Agent final : public http::SocketOwner, private http::Timer {
 public:
  Agent(std::filesystem::path config_file, Seams seams, std::unique_ptr<http::Loop> loop)
      : config_file_(std::move(config_file)),
        seams_(std::move(seams)),
        loop_(std::move(loop)),
        resolver_(*loop_, worker_) {}
  ~Agent() override { loop_->DestroySpawned(); }

  // Everything up to the sockets. kInvalid and kNotFound where the configuration is at fault.
  Status Start(const AgentConfig& config);
  // Until SIGTERM or SIGINT; then the record is closed. After a good Start only.
  void Run();
  // After Run, or where Start failed. Whether what is static must not be destroyed any more
  // (Screening::LeaveRules).
  bool LeaveRules() { return screening_ != nullptr && screening_->LeaveRules(); }

 private:
  Status OpenRecord(const AgentConfig& config);
  Status Join(const AgentConfig& config, const gate::Settings& settings);
  Result<std::optional<crypto::LockedSecret>> OwnCredential(const AgentConfig& config);
  Result<std::shared_ptr<gate::Settings>> MakeSettings(const AgentConfig& config);
  std::shared_ptr<const policy::Compiled> PolicyNow(const gate::Settings& settings) const;
  void RecordOwnPolicy(const gate::Settings& settings);
  bool is_member() const { return enrolment_.has_value() || link_ != nullptr; }
  std::optional<operations::CollectorView> DescribeCollector() const;
  Status Listen(const AgentConfig& config);
  Status ListenOnSocket(const std::filesystem::path& path);
  Status Reload();
  void OnSocketEvent(http::Socket&) override;  // a signal
  void OnDeadline() override;                  // time to trim the buffers
  http::Task<void> Drain();

  const std::filesystem::path config_file_;
  const Seams seams_;
  const WallTime started_ = WallNow();
  std::unique_ptr<http::Loop> loop_;
  http::BufferPool buffers_;
  identity::UserNames names_;
  http::Worker worker_;  // after what its jobs use
  http::Resolver resolver_;
  CredentialSource credential_;
  std::atomic<bool> progress_posted_{false};        // one word to the loop at a time is enough
  std::optional<membership::Enrolment> enrolment_;  // until Join
  std::unique_ptr<spool::Spool> spool_;
  std::optional<gate::Recorder> recorder_;
  gate::Metrics metrics_;
  purse::AgentClock clock_{WallNow(), BootClock::now()};
  std::optional<purse::Purse> purse_;    // a member's
  std::unique_ptr<CollectorLink> link_;  // null: a lone host
  std::optional<gate::Inquiries> inquiries_;
  std::unique_ptr<screening::Screening> screening_;
  std::optional<gate::Gate> gate_;
  std::optional<http::Server> traffic_;
  std::optional<operations::Operations> operations_;
  std::optional<http::Server> port_;
  std::optional<http::Server> socket_;
  std::unique_ptr<http::Socket> signals_;
  std::string own_policy_;  // the digest of the one that was recorded last
  bool stopping_ = false;
};

}  // namespace postern::agent
