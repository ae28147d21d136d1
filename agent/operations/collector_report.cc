#include "agent/operations/collector_report.h"

#include <array>
#include <chrono>
#include <utility>

#include "agent/gate/metrics.h"
#include "shared/base/json_text.h"

namespace postern::operations {
namespace {

double Seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

constexpr std::array<std::string_view, 4> kConnections = {"connected", "connecting", "away", "refused"};

}  // namespace

std::string_view ConnectionName(const std::optional<CollectorView>& view) {
  if (!view) return "none";
  switch (view->standing.link) {
    case membership::Link::kWelcomed: return "connected";
    case membership::Link::kRefused: return "refused";
    case membership::Link::kAway: break;
  }
  return view->uplink.connection == bus::ClientState::kConnected ? "connecting" : "away";
}

std::string_view TrustName(membership::Trust trust) {
  switch (trust) {
    case membership::Trust::kYes: return "yes";
    case membership::Trust::kSilent: return "silent";
    case membership::Trust::kTooLong: return "too_long";
    case membership::Trust::kNever: return "never";
    case membership::Trust::kQuarantined: return "quarantined";
    case membership::Trust::kRevoked: return "revoked";
  }
  return "never";
}

void AppendCollectorMetrics(std::string& out, const std::optional<CollectorView>& view,
                            const spool::Stats& spool) {
  if (!view) return;
  gate::MetricsText text(out);
  const auto gauge = [&](std::string_view name, std::string_view help, double value) {
    text.Family(name, "gauge", help);
    text.Sample(name, "", value);
  };
  const auto counter = [&](std::string_view name, std::string_view help, uint64_t value) {
    text.Family(name, "counter", help);
    text.Sample(name, "", value);
  };
  text.Family("postern_collector_connection", "gauge", "1 for the state that the conversation is in.");
  for (const std::string_view state : kConnections) {
    text.Sample("postern_collector_connection", gate::MetricsText::Label("state", state),
                uint64_t{ConnectionName(view) == state});
  }
  gauge("postern_collector_trusted", "1 while requests may be judged by what is known of keys.",
        view->standing.trust == membership::Trust::kYes ? 1 : 0);
  gauge("postern_collector_last_word_age_seconds",
        "How long ago the last answered heartbeat was sent; -1: there was none.",
        view->standing.last_word ? Seconds(*view->standing.last_word) : -1);
  gauge("postern_collector_unsent_events", "Sealed events that the collector has not acknowledged.",
        static_cast<double>(spool.unacknowledged));
  gauge("postern_collector_revision", "The newest revision of the directory that is known here.",
        static_cast<double>(view->standing.revision));
  gauge("postern_collector_cached_keys", "Keys that are remembered.",
        static_cast<double>(view->standing.keys));
  gauge("postern_collector_credentials", "Provider credentials that the collector has sealed to this agent.",
        static_cast<double>(view->standing.credentials));
  counter("postern_collector_connections_total", "Connections that were made.", view->uplink.connections);
  counter("postern_collector_events_sent_total", "Events that were sent, once more included.",
          view->uplink.events_sent);
  counter("postern_collector_bytes_sent_total", "Bytes of them.", view->uplink.bytes_sent);
}

std::string CollectorMembers(const std::optional<CollectorView>& view, const spool::Stats& spool) {
  std::string out = ",\"collector\":" + JsonString(ConnectionName(view));
  if (!view) return out;
  const auto text = [&](std::string_view name, std::string_view value) {
    out += ',' + JsonString(name) + ':' + JsonString(value);
  };
  const auto number = [&](std::string_view name, uint64_t value) {
    out += ',' + JsonString(name) + ':' + std::to_string(value);
  };
  text("agent", view->agent);
  text("collector_url", view->url);
  text("keys_trusted", TrustName(view->standing.trust));
  if (!view->standing.why.empty()) text("collector_says", view->standing.why);
  if (!view->uplink.trouble.empty()) text("not_sending", view->uplink.trouble);
  if (view->standing.last_word) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(*view->standing.last_word);
    number("last_heartbeat_seconds_ago", static_cast<uint64_t>(age.count()));
  }
  number("unsent_events", spool.unacknowledged);
  number("revision", view->standing.revision);
  number("epoch", view->standing.epoch);
  number("cached_keys", view->standing.keys);
  number("credentials", view->standing.credentials);
  return out;
}

}  // namespace postern::operations
