// What one person may do under one policy, as far as two policies are compared. Private to this directory.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "shared/base/clock.h"
#include "shared/policy/catalogue.h"
#include "shared/policy/chain.h"
#include "shared/policy/compiled.h"
#include "shared/policy/people.h"
#include "shared/policy/tables.h"

namespace postern::policy {

using Names = std::set<std::string>;

// Names that are allowed by each kind of list, and texts for the rest.
struct Standing {
  std::map<std::string, Names> lists;
  std::map<std::string, std::string> texts;
};

// Whoever has the same levels stands for all who have.
struct Somebody {
  std::string team, user, key;

  friend auto operator<=>(const Somebody&, const Somebody&) = default;
};

// What is held against the lists of both policies: by kind, names as they are shown and patterns, which stand
// for what they mean.
struct Universe {
  std::array<Names, kKinds> names;

  Names& of(Kind kind) { return names[static_cast<size_t>(kind)]; }
  const Names& of(Kind kind) const { return names[static_cast<size_t>(kind)]; }
};

// The catalogue's models, tools that clients commonly have, what the directory knows, and all that either
// policy names. Of hosts and OS users nobody knows all: one that neither names stands for the others.
Universe UniverseOf(const wire::Policy& before, const wire::Policy& after, const Catalogue& catalogue,
                    const People& people);

// `compiled` and `all` outlive it. Thread-compatible.
class Assessing {
 public:
  Assessing(const Compiled& compiled, const Universe& all, WallTime now)
      : compiled_(compiled), tables_(TablesOf(compiled)), all_(all), now_(now) {}

  // Which levels speak to somebody: equal for those who stand equal.
  std::vector<const Level*> LevelsOf(const Somebody& somebody) const;

  Standing Of(const Somebody& somebody) const;

 private:
  bool Allows(const Speakers& speakers, const std::string& name) const;
  bool AllowsTool(const Speakers& speakers, const std::string& pattern) const;
  void AddTexts(const Chain& chain, std::map<std::string, std::string>& texts) const;
  void AddSecrets(const Chain& chain, const Somebody& somebody, Standing& standing) const;
  void AddCaps(const Chain& chain, std::map<std::string, std::string>& texts) const;
  void AddTimes(const Chain& chain, std::map<std::string, std::string>& texts) const;

  const Compiled& compiled_;
  const Tables& tables_;
  const Universe& all_;
  const WallTime now_;
};

}  // namespace postern::policy
