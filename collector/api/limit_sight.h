// Which limits and accounts a caller may see: all of them, or, as a developer, those that the own user's
// exchanges are charged to.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "collector/api/call.h"
#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::api {

// Thread-compatible.
class LimitSight {
 public:
  // By the directory as it is now. kDenied for a developer without a user.
  static Result<LimitSight> Of(const Context& context, const Call& call, const wire::Policy& policy);

  bool is_whole() const { return is_whole_; }

  // Whether the limit is for the caller among others.
  bool Has(const wire::PolicyLimit& limit) const;
  // One account of such a limit: "each-day/alice", "km/k7/claude-opus-5-5".
  bool Has(const wire::PolicyLimit& limit, std::string_view account) const;

 private:
  bool IsOwn(wire::LimitScope scope, const std::string& subject) const;
  void AddTeams(const wire::Policy& policy, std::string team);

  bool is_whole_ = true;
  std::string user_;  // where it isn't whole, whose
  std::set<std::string, std::less<>> teams_, keys_;
};

}  // namespace postern::api
