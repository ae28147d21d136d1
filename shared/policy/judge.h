// What levels say of one thing, and what follows from it. Private to this directory: Compiled::Judge goes
// through all that an exchange holds, Explain writes down each step.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "shared/policy/chain.h"
#include "shared/policy/explain.h"
#include "shared/policy/facts.h"
#include "shared/policy/lexicon.h"
#include "shared/policy/tables.h"

namespace postern::policy {

// What lists are held against: names, and of tools types, in words of the kind's lexicon. Those to allow as
// they are written, those to deny in small letters.
struct Subject {
  std::span<const Term> allowing, denying;
  std::span<const Term> allowing_types, denying_types;
  bool is_mcp_server = false;  // tools of names that aren't known
};

// One level's word, with the rule; of a list that doesn't have it the rule is the list.
struct Said {
  Word word = Word::kSilent;
  std::string_view rule;
};

Said Ask(const Lists& lists, const Subject& subject);

// What follows from all levels' words.
struct Ruling {
  bool allowed = true;
  Word word = Word::kSilent;     // of the level that decided; kSilent where none did
  const Level* level = nullptr;  // that decided
  size_t at = 0;                 // its place in the chain
  std::string_view rule;
};

// `words`, where it isn't empty, has a place for each level of the chain; the speakers' are given what they
// say.
Ruling Rule(const Speakers& speakers, const Subject& subject, std::span<Said> words = {});

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
