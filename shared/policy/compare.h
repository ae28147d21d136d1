// What another policy would change, and for whom.
//
//   team ml (12 people, 30 keys)   models      loses claude-opus-5-5
//   user bob@example.com           max_tokens  32000 → 16000
//   everybody (40 people, 90 keys) hosts       loses all other hosts
//   team ml (12 people, 30 keys)   limit ml-month   $500 a month → $600 a month
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "shared/policy/compiled.h"
#include "shared/policy/people.h"

namespace postern::policy {

// For whom: everybody of a team to whom the same happens is one line.
struct Affected {
  std::string who;  // "everybody", "team ml", "user alice@example.com", "key k7x2m9q4w8ab"
  size_t users = 0;
  size_t keys = 0;
};

struct Difference {
  Affected affected;
  std::string matter;              // "models", "tools", "max_tokens", "hours", …
  std::vector<std::string> gains;  // of lists: at most kMostNamed, then "and 12 more"
  std::vector<std::string> loses;
  std::string before;  // of what is no list
  std::string after;
};

struct Comparison {
  std::vector<Difference> differences;  // those for most people first
  size_t left_out = 0;                  // beyond kMostDifferences

  bool empty() const { return differences.empty(); }
};

inline constexpr size_t kMostDifferences = 500;
inline constexpr size_t kMostNamed = 20;

// Judges by effect: rules that are written differently and mean the same are no difference. Models are those
// of the catalogue and those that either policy names, tools those that either names and those that clients
// commonly have; hosts and OS users those that either names or the directory knows, and "all other hosts",
// "all other OS users"; a glob stands for what it means ("mcp__*"). Both must compile, or nothing is
// compared.
Comparison Compare(const wire::Policy& before, const wire::Policy& after, const Catalogue& catalogue,
                   const People& people, WallTime now);

// One line for a person: "team ml (12 people, 30 keys): models: loses claude-opus-5-5".
std::string Line(const Difference& difference);

}  // namespace postern::policy
