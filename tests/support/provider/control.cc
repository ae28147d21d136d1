#include "tests/support/provider/control.h"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "shared/base/hex.h"
#include "tests/support/provider/provider.h"

namespace postern::provider {
namespace {

using Json = nlohmann::ordered_json;
using http::Task;

constexpr std::string_view kPrefix = "/_control/";
constexpr std::chrono::milliseconds kUsualPatience{10'000};

Answer Give(const Json& json, int status = 200) {
  // Header values may be any bytes.
  return {
      status, "application/json", "", {{json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"}}};
}

Answer Refuse(int status, const std::string& message) { return Give({{"error", message}}, status); }

Json Describe(const Tokens& tokens) {
  return {{"input", tokens.input},
          {"output", tokens.output},
          {"cache_read", tokens.cache_read},
          {"cache_write_5m", tokens.cache_write_5m},
          {"cache_write_1h", tokens.cache_write_1h},
          {"thinking", tokens.thinking},
          {"web_searches", tokens.web_searches}};
}

Json Describe(const Record& record) {
  Json headers = Json::array();
  for (const auto& [name, value] : record.headers) headers.push_back(Json::array({name, value}));
  return {{"number", record.number},
          {"connection", record.connection},
          {"time", FormatRfc3339(record.arrived)},
          {"method", record.method},
          {"target", record.target},
          {"minor_version", record.minor_version},
          {"headers", std::move(headers)},
          {"chunked", record.chunked},
          {"body_read", record.body_read},
          {"body_size", record.body_size},
          {"body_sha256", ToHex(crypto::AsBytes(record.body_digest))},
          {"model", record.model},
          {"status", record.status},
          {"outcome", Name(record.outcome)},
          {"bytes_sent", record.bytes_sent},
          {"events_sent", record.events_sent},
          {"answer_size", record.answer_size},
          {"answer_sha256", ToHex(crypto::AsBytes(record.answer_digest))},
          {"request_id", RequestId(record.number)},
          {"told", Describe(record.told)}};
}

Json Describe(const Totals& totals) {
  Json models = Json::object();
  for (const auto& [model, counted] : totals.by_model) {
    models[model] = {{"messages", counted.first}, {"tokens", Describe(counted.second)}};
  }
  return {{"requests", totals.requests},
          {"answered", totals.answered},
          {"broken", totals.broken},
          {"refused", totals.refused},
          {"answered_tokens", Describe(totals.answered_tokens)},
          {"broken_tokens", Describe(totals.broken_tokens)},
          {"by_model", std::move(models)}};
}

// The parameter of the target's query; nothing when it isn't there.
std::optional<std::string> Parameter(const http::Head& head, std::string_view name) {
  std::string_view query = head.target.substr(head.path().size());
  while (!query.empty()) {
    query.remove_prefix(1);  // "?" or "&"
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size());
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name && equals != std::string_view::npos)
      return std::string(pair.substr(equals + 1));
  }
  return std::nullopt;
}

uint64_t NumberOf(std::string_view text, uint64_t otherwise) {
  uint64_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

uint64_t NumberParameter(const http::Head& head, std::string_view name, uint64_t otherwise) {
  const auto text = Parameter(head, name);
  return text ? NumberOf(*text, otherwise) : otherwise;
}

Answer ListRequests(const Journal& journal, const http::Head& head) {
  const uint64_t from = NumberParameter(head, "from", 1);
  Json list = Json::array();
  for (const auto& record : journal.records()) {
    if (record->number >= from) list.push_back(Describe(*record));
  }
  return Give({{"arrived", journal.arrived()}, {"ended", journal.ended()}, {"requests", std::move(list)}});
}

// requests/N and requests/N/body
Answer ShowRequest(const Journal& journal, std::string_view rest) {
  const size_t slash = rest.find('/');
  const Record* const record = journal.Find(NumberOf(rest.substr(0, slash), 0));
  if (record == nullptr) return Refuse(404, "there is no such request, or it isn't kept any more");
  if (slash == std::string_view::npos) return Give(Describe(*record));
  if (rest.substr(slash) != "/body") return Refuse(404, "there is requests/N and requests/N/body");
  if (!record->body_kept) return Refuse(404, "this body isn't kept: start with --record-bodies");
  return {200, "application/octet-stream", "", {{record->body}}};
}

// Until so many have arrived and ended, and request `of` has been sent so many events; 408 when that takes
// too long.
Task<Answer> WaitFor(Provider& provider, http::Strand& strand, const http::Head& head) {
  const uint64_t arrived = NumberParameter(head, "requests", 0);
  const uint64_t ended = NumberParameter(head, "ended", 0);
  const uint64_t of = NumberParameter(head, "of", 0);
  const uint64_t events = NumberParameter(head, "events", 0);
  strand.SetDeadlineIn(
      std::chrono::milliseconds(NumberParameter(head, "timeout_ms", kUsualPatience.count())));
  Journal& journal = provider.journal();
  const auto reached = [&] {
    const Record* const record = journal.Find(of);
    const bool sent = of == 0 || (record != nullptr && record->events_sent >= events);
    return journal.arrived() >= arrived && journal.ended() >= ended && sent;
  };
  const http::Wake wake = co_await journal.bell().WaitFor(strand, reached);
  strand.ClearDeadline();
  co_return Give({{"arrived", journal.arrived()}, {"ended", journal.ended()}},
                 wake == http::Wake::kEvent ? 200 : 408);
}

Answer Post(Provider& provider, const http::Head& head, std::string_view what, std::string_view body) {
  if (what == "script") {
    const Status installed = provider.script().Install(body);
    if (!installed) return Refuse(400, installed.error().message);
  } else if (what == "reset") {
    provider.Reset();
  } else if (what == "open") {
    const auto gate = Parameter(head, "gate");
    if (!gate) return Refuse(400, "open?gate=NAME");
    provider.OpenGate(*gate);
  } else {
    return Refuse(404, "there is POST script, reset and open");
  }
  return Give({{"done", true}});
}

}  // namespace

Task<Answer> Control(Provider& provider, http::Strand& strand, const http::Head& head,
                     std::string_view body) {
  const std::string_view what = head.path().substr(kPrefix.size());
  if (head.method == "POST") co_return Post(provider, head, what, body);
  if (what == "wait") {
    Answer answer = co_await WaitFor(provider, strand, head);
    co_return answer;
  }
  if (what == "requests") co_return ListRequests(provider.journal(), head);
  if (what == "totals") co_return Give(Describe(provider.journal().totals()));
  if (what.starts_with("requests/")) co_return ShowRequest(provider.journal(), what.substr(9));
  co_return Refuse(404, "there is GET requests, requests/N, requests/N/body, totals and wait");
}

}  // namespace postern::provider
