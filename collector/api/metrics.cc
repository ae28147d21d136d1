#include "collector/api/metrics.h"

#include <map>
#include <set>

#include "collector/api/call.h"
#include "shared/base/version.h"

namespace postern::api {
namespace {

// Lines, each name with its type before its first value.
class Lines {
 public:
  void Counter(const std::string& name, uint64_t value, const std::string& labels = "") {
    Value(name + "_total", "counter", labels, std::to_string(value));
  }
  void Gauge(const std::string& name, uint64_t value, const std::string& labels = "") {
    Value(name, "gauge", labels, std::to_string(value));
  }
  void Seconds(const std::string& name, uint64_t nanoseconds) {
    std::string fraction = std::to_string(nanoseconds % 1'000'000'000);
    fraction.insert(0, 9 - fraction.size(), '0');
    Value(name + "_total", "counter", "", std::to_string(nanoseconds / 1'000'000'000) + "." + fraction);
  }
  std::string Take() { return std::move(text_); }

 private:
  void Value(const std::string& name, const char* type, const std::string& labels, const std::string& value) {
    const std::string whole = "postern_collector_" + name;
    if (typed_.insert(whole).second) text_ += "# TYPE " + whole + " " + type + "\n";
    text_ += whole + (labels.empty() ? "" : "{" + labels + "}") + " " + value + "\n";
  }

  std::set<std::string> typed_;
  std::string text_;
};

void WriteAgents(const intake::Presence& presence, Lines& out) {
  uint64_t connected = 0;
  uint64_t lag = 0;
  uint64_t unsent = 0;
  const auto agents = presence.All();
  for (const intake::AgentPresence& agent : agents) {
    connected += agent.connected ? 1 : 0;
    lag += agent.tail();
    unsent += agent.unsent;
  }
  out.Gauge("agents", connected, "state=\"connected\"");
  out.Gauge("agents", agents.size() - connected, "state=\"away\"");
  out.Gauge("lag_events", lag);
  out.Gauge("unsent_events", unsent);
}

void WriteIngest(const intake::Counters& counters, Lines& out) {
  out.Counter("frames", counters.frames);
  out.Counter("hellos", counters.hellos);
  out.Counter("incarnations_issued", counters.issued);
  out.Counter("ingest_groups", counters.groups);
  out.Counter("ingest_events", counters.events);
  out.Counter("ingest_bytes", counters.event_bytes);
  out.Counter("ingest_duplicates", counters.duplicates);
  out.Counter("ingest_commits", counters.commits);
  out.Counter("ingest_commits_failed", counters.failed_commits);
  out.Seconds("ingest_commit_seconds", counters.commit_nanoseconds);
  const std::pair<const char*, uint64_t> refused[] = {
      {"malformed", counters.malformed}, {"missing", counters.missing}, {"unverified", counters.unverified},
      {"fork", counters.forks},          {"closed", counters.closed},   {"busy", counters.busy},
      {"ignored", counters.ignored}};
  for (const auto& [reason, count] : refused)
    out.Counter("refused", count, "reason=\"" + std::string(reason) + "\"");
  out.Counter("set_aside_groups", counters.set_aside);
  out.Counter("holes", counters.holes);
  out.Counter("heartbeats", counters.heartbeats);
  out.Counter("heartbeats_bad", counters.bad_heartbeats);
  out.Counter("key_queries", counters.queries);
  out.Counter("pushes", counters.pushes);
  out.Counter("pushes_repeated", counters.repeats);
  out.Counter("credentials_sealed", counters.credentials);
  out.Counter("policies_taken", counters.policies);
  out.Counter("policies_refused", counters.refused_policies);
  out.Counter("seen_unheard_of", counters.unheard_of);
  out.Counter("alarms", counters.alarms);
  out.Counter("alarms_withheld", counters.withheld_alarms);
  out.Gauge("queue_frames", counters.queued_frames);
  out.Gauge("queue_bytes", counters.queued_bytes);
}

void WriteConversation(const intake::Stats& stats, Lines& out) {
  out.Gauge("restored", stats.restored ? 1 : 0);
  out.Gauge("epoch", stats.epoch);
  out.Gauge("bus_connections", stats.bus.connections);
  out.Counter("bus_accepted", stats.bus.accepted);
  out.Counter("bus_turned_away", stats.bus.unknown_keys, "reason=\"unknown_key\"");
  out.Counter("bus_turned_away", stats.bus.revoked_keys, "reason=\"revoked_key\"");
  out.Counter("bus_turned_away", stats.bus.too_frequent, "reason=\"too_frequent\"");
  out.Counter("bus_received", stats.bus.received);
  out.Counter("bus_received_bytes", stats.bus.received_bytes);
  out.Counter("bus_sent", stats.bus.sent);
  out.Counter("bus_dropped", stats.bus.dropped);
  out.Counter("bus_full", stats.bus.full);
  out.Counter("bus_cut", stats.bus.cut);
}

void WriteLedger(const treasury::Stats& stats, Lines& out) {
  out.Counter("ledger_demands", stats.demands);
  out.Counter("ledger_grants", stats.grants);
  out.Counter("ledger_denials", stats.denials);
  out.Counter("ledger_recalls", stats.recalls);
  out.Counter("ledger_returns", stats.returns);
  out.Counter("ledger_settlements", stats.settlements);
  out.Counter("ledger_rows_written", stats.rows);
  out.Counter("ledger_rebuilt", stats.rebuilt);
  out.Counter("ledger_turned_away", stats.turned_away);
  out.Counter("ledger_alarms", stats.alarms);
  out.Gauge("ledger_waiting", stats.waiting);
}

void WriteStore(const store::StoreStats& stats, Lines& out) {
  out.Gauge("log_entries", stats.log_size);
  out.Gauge("directory_revision", stats.revision);
  out.Gauge("store_set_aside_groups", stats.set_aside);
  out.Gauge("store_bytes", stats.bytes_on_disk);
}

void WritePolicy(const Context& context, Lines& out) {
  const auto current = context.parts.policies.Current();
  const auto freeze = context.parts.policies.Freezing();
  if (current) {
    const auto age = context.options.wall_now() - (*current)->version.made;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(age).count();
    out.Gauge("policy_version", (*current)->version.version);
    out.Gauge("policy_age_seconds", seconds > 0 ? static_cast<uint64_t>(seconds) : 0);
  }
  std::map<uint64_t, uint64_t> agents;
  if (current) agents[(*current)->version.version] = 0;
  for (const intake::AgentPresence& agent : context.parts.presence.All())
    agents[agent.policy] += agent.connected ? 1 : 0;
  for (const auto& [version, count] : agents)
    out.Gauge("agents_by_policy", count, "version=\"" + std::to_string(version) + "\"");
  if (freeze) out.Gauge("frozen", freeze->frozen() ? 1 : 0);
}

void WriteServer(const rest::ServerStats& stats, Lines& out) {
  out.Gauge("api_connections", stats.connections);
  out.Counter("api_accepted", stats.accepted);
  out.Counter("api_turned_away", stats.turned_away);
  out.Counter("api_timed_out", stats.timed_out);
  out.Counter("api_unreadable", stats.unreadable);
}

}  // namespace

void Metrics::SetSources(std::function<rest::ServerStats()> server, std::function<uint64_t()> lock_outs) {
  sources_.With([&](Sources& sources) { sources = {std::move(server), std::move(lock_outs)}; });
}

void Metrics::Count(std::string_view operation, int status) {
  calls_.With([&](Calls& calls) { ++calls[{std::string(operation), status}]; });
}

std::string Metrics::Text(const Context& context) const {
  Lines out;
  out.Gauge("info", 1, "version=\"" + std::string(kVersion) + "\"");
  WriteAgents(context.parts.presence, out);
  WriteIngest(context.parts.presence.counters, out);
  if (context.parts.intake) WriteConversation(context.parts.intake(), out);
  if (context.parts.treasury != nullptr) WriteLedger(context.parts.treasury->stats(), out);
  WriteStore(context.parts.store.stats(), out);
  WritePolicy(context, out);
  const Sources sources = sources_.With([](const Sources& known) { return known; });
  if (sources.server) WriteServer(sources.server(), out);
  if (sources.lock_outs) out.Counter("api_lock_outs", sources.lock_outs());
  out.Gauge("api_tails", context.tails.waiting());
  const Calls calls = calls_.With([](const Calls& counted) { return counted; });
  for (const auto& [call, count] : calls)
    out.Counter("api_requests", count,
                "operation=\"" + call.first + "\",status=\"" + std::to_string(call.second) + "\"");
  return out.Take();
}

}  // namespace postern::api
