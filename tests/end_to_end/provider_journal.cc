#include "tests/end_to_end/provider_journal.h"

#include <chrono>
#include <thread>

#include "shared/base/check.h"
#include "shared/base/json_text.h"

namespace postern::end_to_end {
namespace {

constexpr int kLooks = 1500;
constexpr std::chrono::milliseconds kBetweenLooks{20};

template <class Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < kLooks; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return false;
}

std::string BodyOf(const Result<support::Response>& response) {
  return response && response->status == 200 ? response->body : "";
}

}  // namespace

void ProviderJournal::Reset() const { static_cast<void>(support::Fetch(target_, "POST", "/_control/reset")); }

void ProviderJournal::AnswerAll(std::string_view directive) const {
  const std::string script = R"({"rules":[{"answer":)" + JsonString(directive) + "}]}";
  const auto answer =
      support::Fetch(target_, "POST", "/_control/script", {{"content-type", "application/json"}}, script);
  CHECK(answer && answer->status / 100 == 2);
}

void ProviderJournal::Open(std::string_view gate) const {
  static_cast<void>(support::Fetch(target_, "POST", "/_control/open?gate=" + std::string(gate)));
}

std::string ProviderJournal::Request(uint64_t number) const {
  return BodyOf(support::Fetch(target_, "GET", "/_control/requests/" + std::to_string(number)));
}

std::string ProviderJournal::Body(uint64_t number) const {
  return BodyOf(support::Fetch(target_, "GET", "/_control/requests/" + std::to_string(number) + "/body"));
}

std::string ProviderJournal::Totals() const {
  return BodyOf(support::Fetch(target_, "GET", "/_control/totals"));
}

uint64_t ProviderJournal::arrived() const {
  const std::string requests = Member(Totals(), "requests");
  return requests.empty() ? 0 : std::stoull(requests);
}

bool ProviderJournal::WaitForArrived(uint64_t requests) const {
  return Eventually([&] { return arrived() >= requests; });
}

bool ProviderJournal::WaitForEvents(uint64_t number, uint64_t events) const {
  return Eventually([&] {
    const std::string sent = Member(Request(number), "events_sent");
    return !sent.empty() && std::stoull(sent) >= events;
  });
}

bool ProviderJournal::WaitForOutcome(uint64_t number, std::string_view outcome) const {
  return Eventually([&] { return Member(Request(number), "outcome") == outcome; });
}

std::string ProviderJournal::Member(std::string_view json, std::string_view name) {
  const std::string key = "\"" + std::string(name) + "\":";
  const size_t at = json.find(key);
  if (at == std::string_view::npos) return "";
  std::string_view value = json.substr(at + key.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (value.starts_with('"')) return std::string(value.substr(1, value.find('"', 1) - 1));
  return std::string(value.substr(0, value.find_first_of(",}\n")));
}

}  // namespace postern::end_to_end
