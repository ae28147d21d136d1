#include "tests/end_to_end/record_view.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "tests/end_to_end/provider_journal.h"

namespace postern::end_to_end {

std::vector<std::string> EventsOf(const std::vector<std::string>& events, std::string_view kind) {
  std::vector<std::string> found;
  std::copy_if(events.begin(), events.end(), std::back_inserter(found),
               [&](const std::string& event) { return ProviderJournal::Member(event, "kind") == kind; });
  return found;
}

int64_t Number(std::string_view json, std::string_view name) {
  const std::string text = ProviderJournal::Member(json, name);
  return text.empty() ? 0 : std::stoll(text);
}

int64_t OpusCost(std::string_view counts) {
  return 4'000 * Number(counts, "input") + 20'000 * Number(counts, "output") +
         200 * Number(counts, "cache_read") + 5'000 * Number(counts, "cache_write_5m") +
         8'000 * Number(counts, "cache_write_1h");
}

double RequestsAt(const Host& host) {
  double sum = 0;
  std::istringstream lines(host.Metrics());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("postern_refusals_total{") || line.starts_with("postern_exchanges_total{"))
      sum += std::stod(line.substr(line.rfind(' ') + 1));
  }
  return sum;
}

}  // namespace postern::end_to_end
