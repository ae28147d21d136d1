#include "agent/identity/key_table.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "agent/identity/user_names.h"
#include "shared/base/hex.h"
#include "shared/config/node.h"
#include "shared/tokens/token.h"

namespace postern::identity {
namespace {

using config::Map;
using config::Node;
using std::chrono::sys_seconds;

Result<crypto::Digest> ReadDigest(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  crypto::Digest digest;
  const auto bytes = FromHex(text);
  if (!bytes || bytes->size() != digest.size()) {
    return node.Wrong("a text of " + std::to_string(text.size()) + " characters", "64 hexadecimal digits");
  }
  std::copy(bytes->begin(), bytes->end(), digest.begin());
  return digest;
}

Result<sys_seconds> ReadTime(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  if (const auto time = ParseTime(text)) return *time;
  return node.Wrong('"' + text + '"', "a time such as 2026-11-23T22:18:55Z or a date such as 2026-11-23");
}

Result<std::vector<std::string>> ReadTexts(const Node& node) {
  ASSIGN_OR_RETURN(const std::vector<Node> nodes, node.AsList());
  // An empty list would read as "none" and mean "any".
  if (nodes.empty()) return node.Wrong("an empty list", "a list of one or more, or no such key");
  std::vector<std::string> texts;
  for (const Node& each : nodes) {
    ASSIGN_OR_RETURN(std::string text, each.AsString());
    texts.push_back(std::move(text));
  }
  return texts;
}

template <class T, class Reader>
Status ReadOptional(const Map& map, std::string_view key, T& value, Reader reader) {
  const auto node = map.Find(key);
  if (!node) return Ok{};
  ASSIGN_OR_RETURN(value, reader(*node));
  return Ok{};
}

Result<KeyId> ReadId(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  if (tokens::IsId(text)) return KeyId{text};
  // Not shown: somebody may have put a whole key here.
  return node.Wrong("a text of " + std::to_string(text.size()) + " characters",
                    "12 small letters and digits");
}

Result<KeyRecord> ReadRecord(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"id", "sha256", "user", "team", "organisation", "label",
                                              "created", "expires", "disabled", "hosts", "os_users"}));
  const auto text = [](const Node& value) { return value.AsString(); };
  KeyRecord record;
  ASSIGN_OR_RETURN(const Node id, map.Require("id"));
  ASSIGN_OR_RETURN(record.id, ReadId(id));
  ASSIGN_OR_RETURN(const Node hash, map.Require("sha256"));
  ASSIGN_OR_RETURN(record.secret_hash, ReadDigest(hash));
  ASSIGN_OR_RETURN(const Node user, map.Require("user"));
  ASSIGN_OR_RETURN(record.principal.user, user.AsString());
  if (record.principal.user.empty()) return user.Wrong("nothing", "a user's name");
  ASSIGN_OR_RETURN(const Node created, map.Require("created"));
  ASSIGN_OR_RETURN(record.created, ReadTime(created));
  RETURN_IF_ERROR(ReadOptional(map, "team", record.principal.team, text));
  RETURN_IF_ERROR(ReadOptional(map, "organisation", record.principal.organisation, text));
  RETURN_IF_ERROR(ReadOptional(map, "label", record.label, text));
  RETURN_IF_ERROR(ReadOptional(map, "expires", record.expires, ReadTime));
  RETURN_IF_ERROR(
      ReadOptional(map, "disabled", record.disabled, [](const Node& value) { return value.AsBool(); }));
  RETURN_IF_ERROR(ReadOptional(map, "hosts", record.hosts, ReadTexts));
  RETURN_IF_ERROR(ReadOptional(map, "os_users", record.os_users, ReadTexts));
  record.os_uids = FindUids(record.os_users);
  return record;
}

bool IsEmpty(const Node& root) { return root.AsMap({}).has_value(); }

Result<std::vector<KeyRecord>> ReadRecords(const Node& root) {
  std::vector<KeyRecord> records;
  if (IsEmpty(root)) return records;
  ASSIGN_OR_RETURN(const std::vector<Node> nodes, root.AsList());
  std::unordered_map<std::string, int> first_lines;
  for (const Node& node : nodes) {
    ASSIGN_OR_RETURN(KeyRecord record, ReadRecord(node));
    const auto [first, is_new] = first_lines.emplace(record.id.value, node.line());
    if (!is_new) {
      return node.Wrong(
          "the id " + record.id.value + " again (first on line " + std::to_string(first->second) + ")",
          "each id once");
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace

Result<KeyTable> KeyTable::Load(const std::filesystem::path& path) {
  ASSIGN_OR_RETURN(const Node root, config::ParseFile(path.string()));
  ASSIGN_OR_RETURN(std::vector<KeyRecord> records, ReadRecords(root));
  return KeyTable(std::move(records));
}

Result<KeyTable> KeyTable::Parse(std::string_view text, std::string_view name) {
  ASSIGN_OR_RETURN(const Node root, config::Parse(text, name));
  ASSIGN_OR_RETURN(std::vector<KeyRecord> records, ReadRecords(root));
  return KeyTable(std::move(records));
}

KeyTable::KeyTable(std::vector<KeyRecord> records) : records_(std::move(records)) {
  for (size_t i = 0; i < records_.size(); ++i) by_id_.emplace(records_[i].id.value, i);
}

const KeyRecord* KeyTable::Find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &records_[found->second];
}

// Not by way of WallTime, which counts nanoseconds and so ends in 2262.
std::string FormatTime(sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[64];
  snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
           static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
           static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
           static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<sys_seconds> ParseTime(std::string_view text) {
  constexpr std::string_view kPattern = "0000-00-00T00:00:00Z";
  if (text.size() != 10 && text.size() != kPattern.size()) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kPattern[i] == '0' ? !digit : text[i] != kPattern[i]) return std::nullopt;
  }
  const auto number = [&](size_t at, size_t size) {
    int value = 0;
    if (at < text.size()) std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace postern::identity
