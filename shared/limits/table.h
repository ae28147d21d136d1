// Which limits an exchange meets, and what their accounts are called.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/limits/limit.h"
#include "shared/limits/window.h"

namespace postern::limits {

// Who asks for what. Borrowed for the call; what is empty meets only limits that need nothing of it.
struct Facts {
  std::span<const std::string_view> teams;  // the user's own first, then those that it is within
  std::string_view user;
  std::string_view key;
  std::string_view provider;
  std::string_view model;  // as the price table calls it
};

// The account of a limit that names its subject: its id. Of one that doesn't: "each-day/alice", of a pair
// "key-model/k7/claude-opus-5-5".
struct Match {
  const Limit* limit;
  std::string account;
};

// The limit's id in an account's name.
std::string_view LimitOf(std::string_view account);

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

// The limits of one version of a policy. Made once, then only read. Thread-compatible.
class Table {
 public:
  // kInvalid for a limit that CheckLimit refuses, for an id that stands twice, and for a zone that isn't
  // sound.
  static Result<Table> Make(std::vector<Limit> limits, wire::TimeZone zone);

  // Every limit that has a word about the exchange. Each of them must admit it. It looks only at limits of
  // its own subjects, however many there are of others.
  void Match(const Facts& facts, std::vector<limits::Match>& matches) const;

  // By id; none that isn't in the policy any more.
  const Limit* Find(std::string_view id) const;

  // The calendar's window of that limit around `time`; kAlways of what is leased.
  Window WindowOf(const Limit& limit, WallTime time) const;

  const std::vector<Limit>& limits() const { return limits_; }
  const wire::TimeZone& zone() const { return zone_; }

 private:
  Table() = default;
  using Found = std::unordered_map<std::string, std::vector<uint32_t>, TextHash, std::equal_to<>>;
  void Add(Scope scope, std::string_view subject, std::string_view within, std::string_view subject_name,
           std::vector<limits::Match>& matches) const;
  void MatchOne(Scope scope, std::string_view subject, std::string_view within,
                std::vector<limits::Match>& matches) const;

  std::vector<Limit> limits_;
  wire::TimeZone zone_;
  std::unordered_map<std::string, uint32_t, TextHash, std::equal_to<>> by_id_;
  std::array<Found, 8> by_subject_;  // of each scope; under "" what names none
};

}  // namespace postern::limits
