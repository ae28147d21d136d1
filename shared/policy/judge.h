// What levels say of one thing, and what follows from it. Private to this directory: Compiled::Judge goes
// through all that an exchange holds, Explain writes down each step.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "shared/policy/explain.h"
#include "shared/policy/facts.h"
#include "shared/policy/model_names.h"
#include "shared/policy/tables.h"

namespace postern::policy {

// The levels that have a word about somebody, in their order.
class Chain {
 public:
  Chain(const Tables& tables, const Facts& facts);

  std::span<const Level* const> levels() const { return {levels_.data(), count_}; }
  // Levels beside each other, one place in the order: the groups of a user, or a single level.
  size_t EndOfTier(size_t begin) const {
    return begin >= groups_begin_ && begin < groups_end_ ? groups_end_ : begin + 1;
  }
  bool Speaks(Kind kind) const { return (speaks_ & (1U << static_cast<unsigned>(kind))) != 0; }

 private:
  void Add(const Level* level);

  std::array<const Level*, kMostTeamDepth + kMostGroupsOfUser + 3> levels_;
  size_t count_ = 0;
  size_t groups_begin_ = 0;
  size_t groups_end_ = 0;
  unsigned speaks_ = 0;
};

// What lists are held against: names, and of tools types. Those to allow as they are written, those to deny
// in small letters.
struct Subject {
  NameSet allowing, denying;
  NameSet allowing_types, denying_types;
  bool is_mcp_server = false;  // tools of names that aren't known
};

// One level's word, with the rule; of a list that doesn't have it the rule is the list.
struct Said {
  Word word = Word::kSilent;
  std::string_view rule;
};

Said Ask(const Level& level, Kind kind, const Subject& subject);

// What follows from all levels' words.
struct Ruling {
  bool allowed = true;
  Word word = Word::kSilent;     // of the level that decided; kSilent where none did
  const Level* level = nullptr;  // that decided
  size_t at = 0;                 // its place in the chain
  std::string_view rule;
};

// `words`, where it isn't empty, has a place for each level and is given what that says.
Ruling Rule(const Chain& chain, Kind kind, const Subject& subject, std::span<Said> words = {});

// How what a level denies is denied: as it says, or else as the nearest level above it says.
wire::DeniedTool DeniedToolOf(const Chain& chain, size_t at);
wire::MaxTokensExceeded MaxTokensExceededOf(const Chain& chain, size_t at);

// Whether the level's stretches have this time in them; true of one that lists none.
bool IsOpen(const Tables& tables, const Level& level, WallTime time);
// The first level whose stretches leave this time out; none, where it is allowed.
std::optional<size_t> ClosedAt(const Tables& tables, const Chain& chain, WallTime time);
// The next time at which no level's do, within two weeks.
std::optional<WallTime> NextOpening(const Tables& tables, const Chain& chain, WallTime time);

// A server tool: it runs at the provider and may leave the company. So does what is of an unknown type.
bool RunsAtProvider(std::string_view type);
bool IsMcpToolset(const Tool& tool);

}  // namespace postern::policy
