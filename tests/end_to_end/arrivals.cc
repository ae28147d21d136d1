#include "tests/end_to_end/arrivals.h"

#include <charconv>
#include <string_view>

namespace postern::end_to_end {

bool Arrivals::Read() {
  const auto answer =
      support::Fetch(control_, "GET", "/_control/requests?from=" + std::to_string(total_ + 1));
  if (!answer || answer->status != 200) return false;
  const std::string_view text = answer->body;
  constexpr std::string_view kArrived = R"({"arrived":)";
  constexpr std::string_view kUserAgent = R"(["user-agent",")";
  if (!text.starts_with(kArrived)) return false;
  std::from_chars(text.data() + kArrived.size(), text.data() + text.size(), total_);
  for (size_t at = text.find(kUserAgent); at != text.npos; at = text.find(kUserAgent, at)) {
    at += kUserAgent.size();
    ++by_user_agent_[std::string(text.substr(at, text.find('"', at) - at))];
  }
  return true;
}

}  // namespace postern::end_to_end
