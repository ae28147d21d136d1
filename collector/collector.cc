#include "collector/collector.h"

#include <csignal>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <pthread.h>

#include "collector/api/api.h"
#include "collector/backup.h"
#include "collector/control/server.h"
#include "collector/decrees.h"
#include "collector/intake/intake.h"
#include "collector/policy/policies.h"
#include "collector/state.h"
#include "shared/base/daemon.h"
#include "shared/base/log.h"
#include "shared/base/version.h"
#include "shared/config/node.h"
#include "shared/crypto/locked_secret.h"
#include "shared/json/writer.h"
#include "shared/pricing/price_file.h"
#include "shared/zoneinfo/zoneinfo.h"

namespace postern::collector {
namespace {

// The host and port of "host:port", where agents are to connect: as configured, or the port that was had.
std::string AgentsAddress(const CollectorConfig& config, uint16_t port) {
  return config.agents_address.empty() ? ":" + std::to_string(port) : config.agents_address;
}

// The models that have a price: of the file that the configuration names, or of the one beside it.
Result<policy::Catalogue> ReadCatalogue(const CollectorConfig& config, const Path& config_file) {
  const Path beside = config_file.parent_path() / "models.yaml";
  std::error_code ignored;
  if (!config.models && !std::filesystem::exists(beside, ignored)) {
    Log(Level::kInfo, "there is no price table here: a policy's models are not checked",
        {{"file", beside.string()}});
    return policy::Catalogue();
  }
  ASSIGN_OR_RETURN(const config::Node file, config::ParseFile(config.models.value_or(beside).string()));
  ASSIGN_OR_RETURN(const pricing::PriceTable prices, pricing::LoadPriceTable(file));
  return policy::CatalogueOf(prices);
}

// What runs. Made in the order of its members.
class Collector {
 public:
  Collector(Path config_file, CollectorConfig config)
      : config_file_(std::move(config_file)), config_(std::move(config)) {}

  Status Start();
  void WaitForEnd();
  void Stop();

 private:
  Status StartPolicies();
  Status StartIntake();
  Status StartApi();
  Status StartControl();
  Status Reload();
  std::string StatusJson() const;

  const Path config_file_;
  const CollectorConfig config_;
  const WallTime started_ = WallNow();
  std::unique_ptr<State> state_;
  std::unique_ptr<policies::Policies> policies_;
  uint64_t subscription_ = 0;  // intake's, to changes of the policy and the freeze
  std::unique_ptr<intake::Intake> intake_;
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<control::Server> control_;
};

Status Collector::Start() {
  ASSIGN_OR_RETURN(state_, OpenState(config_, "run"));
  RETURN_IF_ERROR(StartPolicies());
  RETURN_IF_ERROR(StartIntake());
  RETURN_IF_ERROR(StartApi());
  RETURN_IF_ERROR(StartControl());
  Log(Level::kInfo, "listening",
      {{"api", config_.listen},
       {"api_port", api_->port()},
       {"agents", config_.agents},
       {"agents_port", intake_->port()},
       {"fingerprint", api_->fingerprint()},
       {"version", kVersion}});
  return Ok{};
}

Status Collector::StartPolicies() {
  policies::Options options{.collector = state_->keyring.collector,
                            .organisation = config_.organisation,
                            .zones = zoneinfo::ReadZoneFile};
  ASSIGN_OR_RETURN(options.catalogue, ReadCatalogue(config_, config_file_));
  if (config_.policy_key) {
    ASSIGN_OR_RETURN(options.offline_key, crypto::PublicKey::FromBytes(*config_.policy_key));
  }
  ASSIGN_OR_RETURN(policies_, policies::Policies::Open(*state_->directory, state_->keyring.policy_key,
                                                       std::move(options)));
  return Ok{};
}

Status Collector::StartIntake() {
  ASSIGN_OR_RETURN(
      intake_,
      intake::Intake::Start({.bus = {.address = config_.agents, .keys = state_->keyring.curve},
                             .collector = state_->keyring.collector,
                             .credential_lifetime = config_.credential_lifetime,
                             .decrees = DecreesOf(*policies_)},
                            *state_->store, *state_->directory, *state_->chronicle, state_->keyring.log_key));
  subscription_ = policies_->Subscribe([this] { intake_->NoteDecree(); });
  if (intake_->stats().restored)
    Log(Level::kError,
        "agents know more than this store: it was restored from a backup. Nothing is acknowledged "
        "until postern-collector recover has been run");
  return Ok{};
}

Status Collector::StartApi() {
  api::Options options;
  options.server.address = config_.listen;
  options.server.certificate = config_.certificate();
  options.server.key = config_.certificate_key();
  options.organisation = config_.organisation;
  options.collector = state_->keyring.collector;
  options.curve_key = bus::AsBytes(state_->keyring.curve.public_key);
  options.agents_address = AgentsAddress(config_, intake_->port());
  ASSIGN_OR_RETURN(
      api_,
      api::Api::Start(
          std::move(options),
          {.store = *state_->store,
           .directory = *state_->directory,
           .policies = *policies_,
           .log_key = state_->chronicle->public_key(),
           .presence = intake_->presence(),
           .intake = [this] { return intake_->stats(); },
           .reach = [this](const auto&... asked) { return intake_->acknowledgements().Await(asked...); },
           .treasury = &intake_->treasury(),
           .statements =
               [this](const std::string& account) { return intake_->treasury().Statements(account); },
           .reset = [this](const std::string& account) { return intake_->treasury().Reset(account); }}));
  return Ok{};
}

Status Collector::StartControl() {
  std::map<std::string, control::Handler> handlers;
  handlers["status"] = [this](const std::string&, const control::Progress&) -> Result<std::string> {
    return StatusJson();
  };
  handlers["backup"] = [this](const std::string& directory, const control::Progress&) -> Result<std::string> {
    return Backup(config_, *state_->store, directory);
  };
  handlers["reload"] = [this](const std::string&, const control::Progress&) -> Result<std::string> {
    RETURN_IF_ERROR(Reload());
    return std::string("{}");
  };
  ASSIGN_OR_RETURN(control_, control::Server::Listen(config_.socket(), std::move(handlers)));
  return Ok{};
}

std::string Collector::StatusJson() const {
  const store::StoreStats store = state_->store->stats();
  const intake::Stats intake = intake_->stats();
  json::Writer writer;
  writer.BeginObject()
      .Text("collector", state_->keyring.collector)
      .Text("version", kVersion)
      .Text("since", FormatRfc3339(started_))
      .Text("fingerprint", api_->fingerprint())
      .Integer("api_port", api_->port())
      .Integer("agents_port", intake_->port())
      .Integer("agents_connected", intake_->presence().connected())
      .Integer("epoch", intake.epoch)
      .Boolean("restored", intake.restored)
      .Integer("revision", store.revision)
      .Integer("log_size", store.log_size)
      .Integer("set_aside", store.set_aside)
      .Integer("bytes_on_disk", store.bytes_on_disk)
      .EndObject();
  return writer.Take();
}

// Certificates are read again from where they are; of the configuration the log alone can change while it
// runs.
Status Collector::Reload() {
  ASSIGN_OR_RETURN(CollectorConfig fresh, LoadCollectorConfig(config_file_));
  CollectorConfig but_for_the_log = config_;
  but_for_the_log.log_level = fresh.log_level;
  but_for_the_log.log_format = fresh.log_format;
  if (fresh != but_for_the_log)
    return Error{ErrorCode::kInvalid,
                 config_file_.string() + ": log alone and the certificate's files change without a restart"};
  RETURN_IF_ERROR(api_->ReloadCertificate());
  ConfigureLog(fresh.log_level, fresh.log_format);
  return Ok{};
}

void Collector::WaitForEnd() {
  const sigset_t signals = DaemonSignals();
  for (int signal = 0;;) {
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) return;
    const Status reloaded = Reload();
    if (reloaded) {
      Log(Level::kInfo, "configuration and certificate read again");
    } else {
      Log(Level::kError, "nothing was changed", {{"reason", reloaded.error().message}});
    }
  }
}

void Collector::Stop() {
  Log(Level::kInfo, "stopping");
  // Asked twice: at once. What is on the disk is whole at every moment.
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  sigset_t again;
  sigemptyset(&again);
  sigaddset(&again, SIGTERM);
  sigaddset(&again, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &again, nullptr);
  intake_->acknowledgements().Close();  // or who waits for them would hold up the API
  api_->Close();
  control_->Stop();
  policies_->Unsubscribe(subscription_);
  intake_->Close();
  api_.reset();
  control_.reset();
  intake_.reset();
  policies_.reset();
  state_.reset();
  Log(Level::kInfo, "stopped");
}

}  // namespace

int RunCollector(const Path& config_file) {
  auto config = LoadCollectorConfig(config_file);
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
  BlockDaemonSignals();
  Collector collector(config_file, *std::move(config));
  if (const Status started = collector.Start(); !started) {
    Log(Level::kError, started.error().message);
    const bool to_mend =
        started.error().code == ErrorCode::kInvalid || started.error().code == ErrorCode::kNotFound;
    return to_mend ? 2 : 1;
  }
  collector.WaitForEnd();
  collector.Stop();
  return 0;
}

}  // namespace postern::collector
