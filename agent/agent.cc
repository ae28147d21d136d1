#include "agent/agent.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>

#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/collector_link.h"
#include "agent/credential_source.h"
#include "agent/gate/gate.h"
#include "agent/operations/operations.h"
#include "agent/own_policy.h"
#include "agent/purse/purse.h"
#include "agent/record_options.h"
#include "agent/screening/screening.h"
#include "agent/spool/spool.h"
#include "shared/base/log.h"
#include "shared/base/version.h"
#include "shared/crypto/locked_secret.h"
#include "shared/http/resolver.h"
#include "shared/http/server.h"
#include "shared/limits/wire_form.h"

namespace postern::agent {
namespace {

constexpr std::chrono::seconds kTrimBuffersEvery{5};
constexpr std::chrono::milliseconds kLookWhileDraining{20};
constexpr std::chrono::milliseconds kGivingBack{500};  // a sync, mostly
constexpr int kFirstInherited = 3;                     // sd_listen_fds(3)

void BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int MakeSignalDescriptor() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
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

// What runs. Made in the order of its members; the loop's coroutines go first.
class Agent final : public http::SocketOwner, private http::Timer {
 public:
  Agent(std::filesystem::path config_file, Seams seams, std::unique_ptr<http::Loop> loop)
      : config_file_(std::move(config_file)),
        seams_(std::move(seams)),
        loop_(std::move(loop)),
        resolver_(*loop_, worker_) {}
  ~Agent() override { loop_->DestroySpawned(); }

  Status Start(const AgentConfig& config);
  void Run();
  // After Run, or where Start failed. Whether what is static must not be destroyed any more
  // (Screening::LeaveRules).
  bool LeaveRules() { return screening_ != nullptr && screening_->LeaveRules(); }

 private:
  Status OpenRecord(const AgentConfig& config);
  Status Join(const AgentConfig& config, const gate::Settings& settings);
  void OpenPurse();
  uplink::Money MoneyOf();
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
  OpenPurse();
  ASSIGN_OR_RETURN(link_,
                   CollectorLink::Start(*std::move(enrolment_), config, policy::CatalogueOf(*settings.prices),
                                        *spool_, HostName(), MoneyOf()));
  enrolment_.reset();
  inquiries_.emplace(*loop_, worker_, link_->membership(),
                     [this](auto keys, auto users) { return link_->Ask(std::move(keys), std::move(users)); });
  return Ok{};
}

void Agent::OpenPurse() {
  purse::Ports ports;
  ports.append = [this](wire::Event&& event, spool::WalletRows&& rows) {
    return recorder_->Append(std::move(event), std::move(rows));
  };
  ports.append_rows = [this](spool::WalletRows&& rows, spool::Haste haste) {
    return recorder_->Append(std::move(rows), haste);
  };
  ports.standing = [this](spool::Ticket ticket, spool::Spool::Wanted wanted) {
    return spool_->StandingOf(ticket, wanted, loop_->now());
  };
  ports.takes_intents = [this] { return spool_->TakesIntents(loop_->now()); };
  ports.say = [this](wire::FromAgent message) {
    if (link_ != nullptr) link_->Tell(std::move(message));
  };
  purse_.emplace(*loop_, clock_, std::move(ports), wallet::Options(), spool_->wallet_rows());
}

// What comes in the uplink's thread goes on in the loop's, in its order.
uplink::Money Agent::MoneyOf() {
  uplink::Money money;
  money.clock = [this](BootTime time) { return clock_.is_set() ? clock_.At(time) : WallTime{}; };
  money.holdings = [this](uint64_t incarnation) {
    std::vector<wire::Holding> holdings;
    for (wallet::HoldingRecord& record : spool_->SyncedHoldings(incarnation))
      holdings.push_back(
          limits::ToWire(limits::Held{std::move(record.account), record.window, record.counters}));
    return holdings;
  };
  money.take_grant = [this](const wire::Grant& grant) {
    loop_->Post([this, grant] { purse_->Receive(grant); });
  };
  money.take_time = [this](const uplink::Clocked& time) {
    loop_->Post([this, time] { purse_->OnHeard({time.sent, time.arrived, time.collector, time.renews}); });
  };
  money.begin = [this](uint64_t incarnation) {
    loop_->Post([this, incarnation] { purse_->Begin(incarnation); });
  };
  return money;
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
      config.policy.key != old.policy.key) {
    return Error{ErrorCode::kInvalid, config_file_.string() +
                                          ": listen, operations, state, audit, secrets, collector and "
                                          "policy.key only change with a restart"};
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
    const BootTime patience = loop_->now() + kGivingBack;
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

}  // namespace

int RunAgent(const std::filesystem::path& config_file, Seams seams) {
  auto config = LoadAgentConfig(config_file);
  if (!config) {
    Log(Level::kError, config.error().message);
    return 2;
  }
  ConfigureLog(config->log_level, config->log_format);
  if (const Status safe = crypto::DisableCoreDumps(); !safe) {
    Log(Level::kError, safe.error().message);
    return 1;
  }
  RaiseDescriptorLimit();
  BlockSignals();
  auto loop = http::Loop::Make();
  if (!loop) {
    Log(Level::kError, loop.error().message);
    return 1;
  }
  std::optional<Agent> agent(std::in_place, config_file, std::move(seams), *std::move(loop));
  int code = 0;
  if (const Status started = agent->Start(*config); !started) {
    Log(Level::kError, started.error().message);
    const bool wrong =
        started.error().code == ErrorCode::kInvalid || started.error().code == ErrorCode::kNotFound;
    code = wrong ? 2 : 1;
  } else {
    agent->Run();
  }
  const bool compiling = agent->LeaveRules();
  agent.reset();
  if (compiling) std::quick_exit(code);
  return code;
}

}  // namespace postern::agent
