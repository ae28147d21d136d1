#include "agent/operations/operations.h"

#include <optional>

#include "agent/gate/loopback_guard.h"
#include "agent/operations/collector_report.h"
#include "agent/operations/policy_report.h"
#include "agent/operations/secrets_report.h"
#include "shared/base/hex.h"
#include "shared/base/json_text.h"
#include "shared/base/version.h"

namespace postern::operations {
namespace {

http::Answer Text(int status, std::string_view type, std::string body) {
  http::Answer answer;
  answer.status = status;
  answer.headers = {{"content-type", type}, {"cache-control", "no-store"}};
  answer.body = std::move(body);
  return answer;
}

http::Answer JsonError(int status, std::string_view sentence) {
  return Text(status, "application/json", R"({"error":)" + JsonString(sentence) + "}\n");
}

double Seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

// Sixteen hexadecimal digits: JSON's numbers are too short for it.
std::string IncarnationText(uint64_t incarnation) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(incarnation >> shift));
  return ToHex(bytes);
}

// Of the collector, or a lone host's own.
PolicyView ViewPolicy(const std::optional<CollectorView>& collector, const gate::Settings& settings) {
  if (!collector) return {settings.policy, 0, "", std::nullopt};
  const membership::Standing& standing = collector->standing;
  return {standing.policy, standing.policies_refused, standing.policy_refusal, standing.freeze};
}

const membership::LimitTerms* TermsOf(const std::optional<CollectorView>& collector) {
  return collector && collector->standing.policy ? collector->standing.policy->limits.get() : nullptr;
}

}  // namespace

http::Answer RenderPlainError(const http::ProtocolError& error) {
  return JsonError(error.status, error.sentence);
}

http::Task<void> Operations::HandlePort(http::Exchange& exchange) {
  const http::Head& head = exchange.head();
  const auto host = head.Find("host");
  http::Answer answer;
  if (host && !gate::IsLoopbackHost(*host)) {
    answer = JsonError(421, "This port answers only to localhost, 127.0.0.1 and [::1].");
  } else if (head.method != "GET" && head.method != "HEAD") {
    answer = JsonError(405, "This port only answers questions.");
  } else if (head.path() == "/healthz") {
    answer = Health();
  } else if (head.path() == "/metrics") {
    answer = Text(200, "text/plain; version=0.0.4; charset=utf-8", Metrics());
  } else {
    answer = JsonError(404, "This port serves /healthz and /metrics.");
  }
  co_await exchange.Send(answer);
}

http::Task<void> Operations::HandleSocket(http::Exchange& exchange) {
  const http::Head& head = exchange.head();
  if (head.path() == "/status") {
    const http::Answer answer = Text(200, "application/json", StatusJson());
    co_await exchange.Send(answer);
  } else if (head.path() == "/events") {
    co_await SendEvents(exchange);
  } else if (head.path() == "/reload" && head.method == "POST") {
    co_await Reload(exchange);
  } else {
    co_await HandlePort(exchange);
  }
}

http::Answer Operations::Health() const {
  const spool::Condition condition = sources_.spool.condition(sources_.loop.now());
  if (condition == spool::Condition::kGood) return Text(200, "text/plain", "ok\n");
  return Text(503, "text/plain", std::string("the record is ") + spool::Name(condition) + "\n");
}

http::Task<void> Operations::SendEvents(http::Exchange& exchange) {
  const std::string_view target = exchange.head().target;
  const size_t question = target.find('?');
  const auto request =
      spool::PageRequest::FromQuery(question == std::string_view::npos ? "" : target.substr(question + 1));
  if (!request) {
    const http::Answer answer = JsonError(400, request.error().message);
    co_await exchange.Send(answer);
    co_return;
  }
  // The spool answers on its own thread and the client may be gone by then: what it fills is shared with it.
  struct Reply {
    http::Strand* strand;
    std::optional<Result<std::string>> page;
  };
  const auto reply = std::make_shared<Reply>(Reply{&exchange.strand(), std::nullopt});
  sources_.spool.Read(*request, [reply, &loop = sources_.loop](Result<std::string> page) {
    loop.Post([reply, page = std::move(page)]() mutable {
      reply->page.emplace(std::move(page));
      if (reply->strand != nullptr) reply->strand->Notify();
    });
  });
  while (!reply->page) {
    const http::Wake wake = co_await exchange.strand().Wait();
    if (wake == http::Wake::kEvent) continue;
    reply->strand = nullptr;
    co_return;
  }
  reply->strand = nullptr;
  Result<std::string>& page = *reply->page;
  const http::Answer answer =
      page ? Text(200, "application/octet-stream", *std::move(page)) : JsonError(503, page.error().message);
  co_await exchange.Send(answer);
}

http::Task<void> Operations::Reload(http::Exchange& exchange) {
  const http::BodyState state = co_await exchange.ReadBody();
  if (state != http::BodyState::kWhole) co_return;
  const Status done = sources_.reload();
  const http::Answer answer =
      done ? Text(200, "application/json", "{\"reloaded\":true}\n") : JsonError(422, done.error().message);
  co_await exchange.Send(answer);
}

// Of a member.
MoneyView Operations::ViewMoney(const std::optional<CollectorView>& collector) const {
  return {sources_.purse->Balances(), sources_.purse->in_flight(), TermsOf(collector),
          sources_.metrics.extensions()};
}

std::string Operations::Metrics() {
  std::string out;
  gate::MetricsText text(out);
  sources_.metrics.AppendTo(out);
  const auto gauge = [&](std::string_view name, std::string_view help, double value) {
    text.Family(name, "gauge", help);
    text.Sample(name, "", value);
  };
  const auto counter = [&](std::string_view name, std::string_view help, uint64_t value) {
    text.Family(name, "counter", help);
    text.Sample(name, "", value);
  };
  const spool::Stats spool = sources_.spool.stats();
  gauge("postern_spool_bytes", "The size of the records kept.", static_cast<double>(spool.kept_bytes));
  gauge("postern_spool_max_bytes", "The most that is kept.", static_cast<double>(spool.max_bytes));
  gauge("postern_spool_queued_events", "Events that wait to be written.", static_cast<double>(spool.queued));
  gauge("postern_spool_oldest_age_seconds", "The age of the oldest record kept.",
        spool.oldest == WallTime{} ? 0 : Seconds(WallNow() - spool.oldest));
  gauge("postern_spool_open_exchanges", "Intents that have no outcome yet.",
        static_cast<double>(spool.open_exchanges));
  gauge("postern_spool_accepting", "1 while the record takes entries.",
        spool.condition == spool::Condition::kGood ? 1 : 0);
  text.Family("postern_spool_batch_events", "summary", "Events that were written at once.");
  text.Sample("postern_spool_batch_events_sum", "", spool.events);
  text.Sample("postern_spool_batch_events_count", "", spool.batches);
  counter("postern_spool_seals_total", "Signatures over the head of the chain.", spool.seals);
  counter("postern_spool_syncs_total", "Times that the record was synced to disk.", spool.syncs);
  text.Family("postern_spool_sync_seconds_total", "counter", "Time spent in syncing.");
  text.Sample("postern_spool_sync_seconds_total", "", static_cast<double>(spool.sync_nanoseconds) / 1e9);
  counter("postern_spool_failures_total", "Writes and syncs that failed.", spool.failures);
  counter("postern_spool_turned_away_total", "Events that were refused because the record could not be kept.",
          spool.turned_away);
  counter("postern_spool_dropped_total", "Events that only a gap record counts.", spool.dropped);
  const auto collector = sources_.collector();
  AppendCollectorMetrics(out, collector, spool);
  AppendPolicyMetrics(out, ViewPolicy(collector, *sources_.gate.settings()), WallNow());
  if (sources_.purse != nullptr) AppendMoneyMetrics(out, ViewMoney(collector));
  if (const auto* screening = sources_.gate.screening()) AppendSecretsMetrics(out, ViewSecrets(*screening));
  const http::UpstreamCounts& upstream = sources_.gate.settings()->upstream->counts();
  text.Family("postern_upstream_connections", "gauge", "Connections to the provider, by state.");
  text.Sample("postern_upstream_connections", gate::MetricsText::Label("state", "idle"),
              uint64_t{upstream.idle});
  text.Sample("postern_upstream_connections", gate::MetricsText::Label("state", "busy"),
              uint64_t{upstream.busy});
  counter("postern_upstream_opened_total", "Connections to the provider that were made.", upstream.opened);
  counter("postern_upstream_reused_total", "Exchanges that found a connection open.", upstream.reused);
  counter("postern_upstream_resumed_total", "Connections to the provider that resumed a TLS session.",
          upstream.resumed);
  counter("postern_upstream_failed_total", "Connections to the provider that could not be made.",
          upstream.failed);
  gauge("postern_client_connections", "Connections of clients.",
        static_cast<double>(sources_.traffic.connections()));
  gauge("postern_loop_lag_seconds", "The longest turn of the event loop since the last scrape.",
        Seconds(sources_.loop.TakeLongestTurn()));
  text.Family("postern_build_info", "gauge", "Always 1; the version is a label.");
  text.Sample("postern_build_info", gate::MetricsText::Label("version", kVersion), uint64_t{1});
  return out;
}

std::string Operations::StatusJson() const {
  const spool::Stats spool = sources_.spool.stats();
  const gate::Settings& settings = *sources_.gate.settings();
  std::string out = R"({"version":)" + JsonString(kVersion);
  const auto text = [&](std::string_view name, std::string_view value) {
    out += ',' + JsonString(name) + ':' + JsonString(value);
  };
  const auto number = [&](std::string_view name, uint64_t value) {
    out += ',' + JsonString(name) + ':' + std::to_string(value);
  };
  text("started", FormatRfc3339(sources_.started));
  text("listen", sources_.traffic.addresses().empty() ? "" : sources_.traffic.addresses().front().ToString());
  text("upstream", settings.destination.host);
  text("audit_sync", settings.config.audit.sync == agent::AuditConfig::Sync::kBeforeForward ? "before_forward"
                     : settings.config.audit.sync == agent::AuditConfig::Sync::kOs          ? "os"
                                                                                   : "before_answer");
  number("keys", settings.keys.records().size());
  number("client_connections", sources_.traffic.connections());
  text("incarnation", IncarnationText(sources_.spool.incarnation()));
  number("spool_bytes", spool.kept_bytes);
  number("spool_max_bytes", spool.max_bytes);
  number("spool_queued", spool.queued);
  number("spool_dropped", spool.dropped);
  text("record", spool::Name(spool.condition));
  const auto view = sources_.collector();
  out += CollectorMembers(view, spool);
  out += PolicyMembers(ViewPolicy(view, settings), WallNow());
  if (const auto* screening = sources_.gate.screening()) out += SecretsMembers(ViewSecrets(*screening));
  const bool credential = settings.credential_line || (view && view->standing.credentials > 0);
  out += std::string(R"(,"credential":)") + (credential ? "true" : "false");
  if (sources_.purse != nullptr) out += MoneyMembers(ViewMoney(view));
  return out + "}\n";
}

}  // namespace postern::operations
