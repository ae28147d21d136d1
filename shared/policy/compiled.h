// A policy made ready for judging.
//
//   organisation → teams, the outermost first → groups of the user → user → key
//
// Each of these levels may allow and deny. A deny of any level stands. A list of what is allowed leaves of
// what the levels above allow only what is on it; it adds to that only what `may_widen` of a level above lets
// it add. Where nothing allows a model there is none: the rest (providers, credentials, tools, hosts, OS
// users) is free until some level lists it. The whole meaning is in README.md.
//
// It fails closed: what can't be told (a name with odd characters, an unknown OS user, a time past the end of
// the zone's table) is refused where a rule speaks of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/policy/catalogue.h"
#include "shared/policy/facts.h"
#include "shared/policy/secrets.h"
#include "shared/policy/verdict.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

struct Tables;  // private: tables.h

// How long an agent may go on unheard, where the policy says so.
struct Staleness {
  bool strict = false;
  std::chrono::seconds policy_ttl{0};  // 0: as agent.yaml says
};

// Never changes; copies share it. Thread-safe.
class Compiled {
 public:
  // kInvalid, with a sentence, for what is no policy: an unknown format, a team whose parent is missing or
  // that is within itself, a name given twice, a bound of limits.h. Any bytes that parse may come in. A
  // catalogue that changes (models.yaml) needs another Compile.
  static Result<Compiled> Compile(const wire::Policy& policy, const Catalogue& catalogue);

  // A pure function of the policy and the facts: the same request always has the same verdict. No allocation
  // where it allows and cuts nothing (a cloud's form of a model's name costs one).
  Verdict Judge(const Facts& facts) const;

  // Whether a message to this model would be let through as far as the model goes: for GET /v1/models, after
  // Judge has allowed the call itself.
  bool AllowsModel(const Facts& facts, std::string_view model) const;

  // What is to be done with secrets of an exchange: by team, user and key of the facts alone.
  SecretOrders SecretOrdersFor(const Facts& facts) const;
  const SecretTerms& secret_terms() const;
  // The rule by which a secret of this fingerprint is let through at this time, "secrets.allowed[2]"; empty
  // where none is.
  std::string_view AllowsSecret(std::string_view fingerprint, WallTime now) const;

  // The team and those that it is within, the nearest first: whose limits its exchanges meet
  // (limits::Facts). Of a team that the policy doesn't name that one alone, of none nothing. The texts belong
  // to the policy, or are the argument's.
  std::vector<std::string_view> TeamsOf(std::string_view team) const;

  uint64_t version() const;
  std::string_view organisation() const;
  const Staleness& staleness() const;

 private:
  friend struct Tables;
  friend const Tables& TablesOf(const Compiled& compiled);
  explicit Compiled(std::shared_ptr<const Tables> tables) : tables_(std::move(tables)) {}
  std::shared_ptr<const Tables> tables_;
};

}  // namespace postern::policy
