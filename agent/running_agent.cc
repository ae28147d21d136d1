#include "agent/running_agent.h"

#include <csignal>
#include <cstdlib>

#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/member_purse.h"
#include "agent/own_policy.h"
#include "agent/record_options.h"
#include "shared/base/daemon.h"
#include "shared/base/log.h"
#include "shared/base/version.h"

namespace postern::agent {
namespace {

constexpr std::chrono::seconds kTrimBuffersEvery{5};
constexpr std::chrono::milliseconds kLookWhileDraining{20};
constexpr int kFirstInherited = 3;  // sd_listen_fds(3)

int MakeSignalDescriptor() {
  const sigset_t signals = DaemonSignals();
  return ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

// Sockets that systemd opened for us and holds while we are down.
int InheritedSockets() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || std::atoi(pid) != ::getpid()) return 0;
  return std::atoi(count);
}

http::ServerLimits LimitsOf(const AgentConfig& config) {
  http::ServerLimits limits;
  limits.head = config.deadlines.head;
  limits.idle = config.deadlines.keep_alive;
  limits.body_idle = config.deadlines.body_idle;
  limits.write_stall = config.deadlines.client_write_stall;
  limits.head_bytes = static_cast<size_t>(config.limits.head_bytes);
  limits.body_bytes = static_cast<size_t>(config.limits.body_bytes);
  limits.connections = static_cast<size_t>(config.limits.connections);
  return limits;
}

}  // namespace

Status Agent::Start(const AgentConfig& config) {
  ASSIGN_OR_RETURN(enrolment_, FindEnrolment(config));
  ASSIGN_OR_RETURN(auto settings, MakeSettings(config));
  RETURN_IF_ERROR(OpenRecord(config));
  if (is_member()) RETURN_IF_ERROR(Join(config, *settings));
  ASSIGN_OR_RETURN(screening_, screening::Screening::Start(*loop_, {.state = config.state,
                                                                    .cache = config.secrets_cache(),
                                                                    .patience = config.secrets.patience}));
  gate_.emplace(*loop_, *recorder_, metrics_, names_, worker_, inquiries_ ? &*inquiries_ : nullptr);
  if (purse_) {
    gate_->SpendFrom(*purse_);
    gate_->Remember(config.state / "estimates");
  }
  gate_->set_screening(*screening_);
  screening_->Use(PolicyNow(*settings));
  RecordOwnPolicy(*settings);
  gate_->Use(std::move(settings));
  signals_ = std::make_unique<http::Socket>(*loop_, MakeSignalDescriptor(), this);
  loop_->timers().Set(*this, loop_->now() + kTrimBuffersEvery);
  return Listen(config);
}

// By which requests are judged now: null, where there is none yet.
std::shared_ptr<const policy::Compiled> Agent::PolicyNow(const gate::Settings& settings) const {
  const auto policy = link_ == nullptr ? settings.policy : link_->membership().policy();
  return policy == nullptr ? nullptr : policy->rules;
}

// The one that is named; on a lone host also the default file's. A member's come from the collector.
Result<std::optional<crypto::LockedSecret>> Agent::OwnCredential(const AgentConfig& config) {
  const bool stated = config.credential.choice == CredentialConfig::Choice::kStated;
  if (is_member() && !stated) return std::optional<crypto::LockedSecret>();
  return credential_.HeaderLine(config.credential);
}

Result<std::shared_ptr<gate::Settings>> Agent::MakeSettings(const AgentConfig& config) {
  ASSIGN_OR_RETURN(auto credential, OwnCredential(config));
  const auto authority = is_member() ? gate::Authority::kCollector : gate::Authority::kFiles;
  ASSIGN_OR_RETURN(auto settings,
                   gate::MakeSettings(config, authority, std::move(credential), *loop_, buffers_, resolver_));
  if (is_member()) return settings;
  ASSIGN_OR_RETURN(settings->policy, ReadOwnPolicy(config.policy, policy::CatalogueOf(*settings->prices)));
  return settings;
}

// A lone host's record tells by which policy it goes on.
void Agent::RecordOwnPolicy(const gate::Settings& settings) {
  const std::string sha256 = settings.policy ? settings.policy->sha256 : "";
  if (sha256 == own_policy_) return;
  wire::Event event;
  wire::PolicyChange& change = *event.mutable_policy_change();
  change.set_outcome("taken");
  change.set_former_version(own_policy_.empty() ? 0 : 1);
  change.set_version(settings.policy ? settings.policy->version : 0);
  change.set_sha256(sha256);
  own_policy_ = sha256;
  if (const auto ticket = spool_->Append(std::move(event)); !ticket)
    Log(Level::kWarning, "another policy could not be recorded", {{"reason", ticket.error().message}});
}

Status Agent::Join(const AgentConfig& config, const gate::Settings& settings) {
  const auto say = [this](wire::FromAgent message) {
    if (link_ != nullptr) link_->Tell(std::move(message));
  };
  wallet::Options wallet;
  wallet.patience = std::chrono::ceil<std::chrono::milliseconds>(config.deadlines.grant);
  purse_.emplace(*loop_, clock_, PortsOf(*loop_, *spool_, *recorder_, say), wallet, spool_->wallet_rows());
  ASSIGN_OR_RETURN(link_,
                   CollectorLink::Start(*std::move(enrolment_), config, policy::CatalogueOf(*settings.prices),
                                        *spool_, HostName(), MoneyOf(*loop_, *spool_, clock_, *purse_)));
  enrolment_.reset();
  inquiries_.emplace(*loop_, worker_, link_->membership(),
                     [this](auto keys, auto users) { return link_->Ask(std::move(keys), std::move(users)); });
  return Ok{};
}

std::optional<operations::CollectorView> Agent::DescribeCollector() const {
  if (link_ == nullptr) return std::nullopt;
  return operations::CollectorView{link_->enrolment().agent, link_->enrolment().url,
                                   link_->membership().standing(), link_->stats()};
}

Status Agent::OpenRecord(const AgentConfig& config) {
  const Membership as = is_member() ? Membership::kMember : Membership::kLone;
  ASSIGN_OR_RETURN(spool::Options options, RecordOptions(config, config_file_, as));
  options.journal.faults = seams_.disk;
  options.on_progress = [this] {
    if (progress_posted_.exchange(true)) return;
    loop_->Post([this] {
      progress_posted_ = false;
      recorder_->OnProgress();
      if (purse_) purse_->OnProgress();
    });
  };
  // The thread may report progress at once, so whom it reports to comes first.
  ASSIGN_OR_RETURN(spool_, spool::Spool::Open(std::move(options)));
  recorder_.emplace(*loop_, *spool_);
  return Ok{};
}

Status Agent::Listen(const AgentConfig& config) {
  const http::ServerLimits limits = LimitsOf(config);
  traffic_.emplace(
      *loop_, buffers_, limits, [this](http::Exchange& exchange) { return gate_->Handle(exchange); },
      [this](const http::ProtocolError& error) { return gate_->RenderProtocolError(error); }, nullptr);
  traffic_->set_on_accept(
      [this](const auto& client, const auto& local) { return gate_->OnAccept(client, local); });
  operations_.emplace(operations::Sources{*loop_, *spool_, *gate_, metrics_, *traffic_, started_,
                                          [this] { return Reload(); }, [this] { return DescribeCollector(); },
                                          purse_ ? &*purse_ : nullptr});
  port_.emplace(
      *loop_, buffers_, http::ServerLimits{},
      [this](http::Exchange& exchange) { return operations_->HandlePort(exchange); },
      operations::RenderPlainError, nullptr);
  socket_.emplace(
      *loop_, buffers_, http::ServerLimits{},
      [this](http::Exchange& exchange) { return operations_->HandleSocket(exchange); },
      operations::RenderPlainError, nullptr);
  if (InheritedSockets() > 0) {
    RETURN_IF_ERROR(traffic_->Adopt(kFirstInherited));
  } else {
    ASSIGN_OR_RETURN(const http::Address address, http::Address::Parse(config.listen.ToString()));
    RETURN_IF_ERROR(traffic_->Listen(address));
  }
  ASSIGN_OR_RETURN(const http::Address operations, http::Address::Parse(config.operations.ToString()));
  RETURN_IF_ERROR(port_->Listen(operations));
  RETURN_IF_ERROR(ListenOnSocket(config.socket()));
  Log(Level::kInfo, "listening",
      {{"traffic", traffic_->addresses().front().ToString()},
       {"operations", port_->addresses().front().ToString()},
       {"upstream", config.upstream.origin.ToString()},
       {"version", kVersion}});
  return Ok{};
}

Status Agent::ListenOnSocket(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const http::Address address, http::Address::Unix(path.string()));
  // The record's lock is ours by now, so a socket that lies there is a dead agent's.
  ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const Status listening = socket_->Listen(address);
  ::umask(before);
  return listening;
}

Status Agent::Reload() {
  ASSIGN_OR_RETURN(AgentConfig config, LoadAgentConfig(config_file_));
  const AgentConfig& old = gate_->settings()->config;
  if (config.listen != old.listen || config.operations != old.operations || config.state != old.state ||
      config.audit != old.audit || config.secrets != old.secrets || config.collector != old.collector ||
      config.policy.key != old.policy.key || config.deadlines.grant != old.deadlines.grant) {
    return Error{ErrorCode::kInvalid, config_file_.string() +
                                          ": listen, operations, state, audit, secrets, collector, "
                                          "policy.key and deadlines.grant only change with a restart"};
  }
  ASSIGN_OR_RETURN(auto settings, MakeSettings(config));
  if (link_ != nullptr) link_->Use(config, policy::CatalogueOf(*settings->prices));
  screening_->Use(PolicyNow(*settings));
  ConfigureLog(config.log_level, config.log_format);
  traffic_->limits() = LimitsOf(config);
  RecordOwnPolicy(*settings);
  gate_->Use(std::move(settings));
  return Ok{};
}

void Agent::OnSocketEvent(http::Socket& socket) {
  signalfd_siginfo signal{};
  while (::read(socket.descriptor(), &signal, sizeof(signal)) == sizeof(signal)) {
    if (signal.ssi_signo == SIGHUP) {
      const Status reloaded = Reload();
      if (reloaded) {
        Log(Level::kInfo, "configuration read again");
      } else {
        Log(Level::kError, "the configuration was not changed", {{"reason", reloaded.error().message}});
      }
    } else if (!stopping_) {
      stopping_ = true;
      Log(Level::kInfo, "stopping", {{"connections", traffic_->connections()}});
      loop_->Spawn(Drain());
    } else {
      loop_->Stop();  // asked twice: at once
    }
  }
}

void Agent::OnDeadline() {
  buffers_.Trim();
  loop_->timers().Set(*this, loop_->now() + kTrimBuffersEvery);
}

http::Task<void> Agent::Drain() {
  const BootTime deadline = loop_->now() + gate_->settings()->config.deadlines.shutdown;
  traffic_->Drain();
  http::Strand strand(*loop_);
  while (traffic_->connections() > 0 && loop_->now() < deadline) {
    strand.SetDeadlineIn(kLookWhileDraining);
    co_await strand.Wait();
  }
  if (traffic_->connections() > 0) {
    Log(Level::kWarning, "exchanges were cut: they outlasted the shutdown deadline",
        {{"connections", traffic_->connections()}});
    traffic_->Abort();
    strand.SetDeadlineIn(kLookWhileDraining);
    co_await strand.Wait();
  }
  if (purse_) {
    purse_->GiveBack();
    // That is a sync, mostly, and the disk has as long for it as for any other.
    const BootTime patience = loop_->now() + gate_->settings()->config.audit.sync_timeout;
    while (!purse_->all_said() && loop_->now() < patience) {
      strand.SetDeadlineIn(kLookWhileDraining);
      co_await strand.Wait();
    }
  }
  loop_->Stop();
}

void Agent::Run() {
  loop_->Run();
  loop_->DestroySpawned();  // exchanges that are still under way get their outcomes
  gate_->Finish();
  inquiries_.reset();
  wire::Event event;
  event.mutable_stop()->set_reason("terminated");
  if (const auto ticket = spool_->Append(std::move(event)); !ticket)
    Log(Level::kWarning, "the stop could not be recorded");
  link_.reset();
  if (const Status closed = spool_->Close(); !closed) {
    Log(Level::kError, "the record could not be closed properly", {{"reason", closed.error().message}});
  }
  Log(Level::kInfo, "stopped");
}

}  // namespace postern::agent
