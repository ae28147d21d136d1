#include "collector/audit/parameters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "collector/store/store.h"

namespace postern::audit {
namespace {

using store::Dimension;
using Text = std::optional<std::string>;

struct FilterName {
  std::string_view name;
  Text store::EventFilter::* field;
};
constexpr std::array<FilterName, 9> kFilters{{{"organisation", &store::EventFilter::organisation},
                                              {"team", &store::EventFilter::team},
                                              {"user", &store::EventFilter::user},
                                              {"key", &store::EventFilter::key},
                                              {"model", &store::EventFilter::model},
                                              {"host", &store::EventFilter::host},
                                              {"session", &store::EventFilter::session},
                                              {"kind", &store::EventFilter::kind},
                                              {"agent", &store::EventFilter::agent}}};
constexpr size_t kSummedFilters = 6;  // of these the first ones

struct DimensionName {
  std::string_view name;
  Dimension dimension;
};
constexpr std::array<DimensionName, 8> kDimensions{{{"organisation", Dimension::kOrganisation},
                                                    {"team", Dimension::kTeam},
                                                    {"user", Dimension::kUser},
                                                    {"key", Dimension::kKey},
                                                    {"model", Dimension::kModel},
                                                    {"host", Dimension::kHost},
                                                    {"day", Dimension::kDay},
                                                    {"hour", Dimension::kHour}}};

constexpr std::chrono::seconds kLongestWait{60};

Error Wrong(std::string_view name, std::string_view what) {
  return {ErrorCode::kInvalid, "the parameter \"" + std::string(name) + "\" " + std::string(what)};
}

// Each parameter is taken once, and by name; what nobody has taken is not known.
class Reader {
 public:
  static Result<Reader> Of(const Parameters& parameters) {
    Reader reader;
    for (const auto& [name, value] : parameters) {
      if (!reader.left_.emplace(name, value).second) return Wrong(name, "is given twice");
    }
    return reader;
  }

  Result<Text> Take(std::string_view name) {
    known_.emplace_back(name);
    const auto found = left_.find(name);
    if (found == left_.end()) return Text();
    std::string value = std::move(found->second);
    left_.erase(found);
    if (value.empty()) return Wrong(name, "is empty");
    return Text(std::move(value));
  }

  Result<std::optional<int64_t>> TakeNumber(std::string_view name, int64_t least, int64_t most) {
    ASSIGN_OR_RETURN(const Text text, Take(name));
    if (!text) return std::optional<int64_t>();
    int64_t number = 0;
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (problem != std::errc{} || end != text->data() + text->size() || number < least || number > most)
      return Wrong(name,
                   "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::optional(number);
  }

  Result<std::optional<WallTime>> TakeTime(std::string_view name) {
    ASSIGN_OR_RETURN(const Text text, Take(name));
    if (!text) return std::optional<WallTime>();
    const auto time = ParseTime(*text);
    if (!time) return Wrong(name, "must be a time such as 2026-11-23T22:18:55Z, or a day such as 2026-11-23");
    return time;
  }

  // The last call: something left is an error.
  Status End() const {
    if (left_.empty()) return Ok{};
    std::string sentence = "is not known here; known are: ";
    for (const std::string& name : known_) sentence += (&name == &known_.front() ? "" : ", ") + name;
    return Wrong(left_.begin()->first, sentence);
  }

 private:
  std::map<std::string, std::string, std::less<>> left_;
  std::vector<std::string> known_;
};

Status TakeFilters(Reader& reader, size_t count, store::EventFilter& filter) {
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(filter.*kFilters[i].field, reader.Take(kFilters[i].name));
  }
  return Ok{};
}

Status TakePage(Reader& reader, size_t& limit, std::optional<store::Cursor>& cursor) {
  ASSIGN_OR_RETURN(const auto number, reader.TakeNumber("limit", 1, store::Store::kMaxPage));
  if (number) limit = static_cast<size_t>(*number);
  ASSIGN_OR_RETURN(cursor, reader.Take("cursor"));
  return Ok{};
}

Result<Dimension> DimensionOf(std::string_view name) {
  const auto found = std::find_if(kDimensions.begin(), kDimensions.end(),
                                  [&](const DimensionName& known) { return known.name == name; });
  if (found != kDimensions.end()) return found->dimension;
  return Wrong("by",
               "may name organisation, team, user, key, model, host, day and hour, with commas between");
}

}  // namespace

std::optional<WallTime> ParseTime(std::string_view text) {
  if (text.size() == 10) return ParseRfc3339(std::string(text) + "T00:00:00Z");
  return ParseRfc3339(text);
}

Result<EventQuery> ParseEventQuery(const Parameters& parameters) {
  ASSIGN_OR_RETURN(Reader reader, Reader::Of(parameters));
  EventQuery query;
  RETURN_IF_ERROR(TakePage(reader, query.limit, query.cursor));
  ASSIGN_OR_RETURN(const auto after, reader.TakeNumber("after", -1, INT64_MAX));
  ASSIGN_OR_RETURN(const auto wait, reader.TakeNumber("wait", 0, kLongestWait.count()));
  ASSIGN_OR_RETURN(query.filter.from, reader.TakeTime("from"));
  ASSIGN_OR_RETURN(query.filter.to, reader.TakeTime("to"));
  RETURN_IF_ERROR(TakeFilters(reader, kFilters.size(), query.filter));
  ASSIGN_OR_RETURN(const Text decision, reader.Take("decision"));
  RETURN_IF_ERROR(reader.End());
  if (decision) {
    if (*decision != "allowed" && *decision != "refused")
      return Wrong("decision", "must be \"allowed\" or \"refused\"");
    query.filter.decision = *decision == "allowed" ? store::Decision::kAllowed : store::Decision::kRefused;
  }
  if (wait && !after) return Wrong("wait", "is only known together with \"after\"");
  if (wait) query.wait = std::chrono::seconds(*wait);
  if (after) {
    query.follows = true;
    query.filter.order = store::Order::kOldestFirst;
    if (*after >= 0) query.filter.after = store::Leaf{static_cast<uint64_t>(*after)};
  }
  return query;
}

Result<UsageQuery> ParseUsageQuery(const Parameters& parameters, WallTime now) {
  ASSIGN_OR_RETURN(Reader reader, Reader::Of(parameters));
  UsageQuery query;
  ASSIGN_OR_RETURN(const Text by, reader.Take("by"));
  ASSIGN_OR_RETURN(const auto from, reader.TakeTime("from"));
  ASSIGN_OR_RETURN(const auto to, reader.TakeTime("to"));
  RETURN_IF_ERROR(TakeFilters(reader, kSummedFilters, query.sums.filter));
  RETURN_IF_ERROR(reader.End());
  query.sums.to = to.value_or(now);
  query.sums.from = from.value_or(query.sums.to - std::chrono::days(30));
  if (query.sums.from > query.sums.to) return Wrong("from", "must not be after \"to\"");
  for (std::string_view rest = by ? std::string_view(*by) : std::string_view(); !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    ASSIGN_OR_RETURN(const Dimension dimension, DimensionOf(name));
    if (std::find(query.by.begin(), query.by.end(), name) != query.by.end())
      return Wrong("by", "names something twice");
    query.by.emplace_back(name);
    query.sums.by.push_back(dimension);
  }
  return query;
}

Result<ListQuery> ParseListQuery(const Parameters& parameters, const std::vector<std::string_view>& known) {
  ASSIGN_OR_RETURN(Reader reader, Reader::Of(parameters));
  ListQuery query;
  RETURN_IF_ERROR(TakePage(reader, query.limit, query.cursor));
  for (const std::string_view name : known) {
    ASSIGN_OR_RETURN(Text value, reader.Take(name));
    if (value) query.values.emplace(name, *std::move(value));
  }
  RETURN_IF_ERROR(reader.End());
  return query;
}

}  // namespace postern::audit
