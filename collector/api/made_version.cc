#include "collector/api/made_version.h"

#include "collector/api/answers.h"
#include "collector/api/policy_view.h"
#include "collector/api/reach.h"

namespace postern::api {

using policies::Attempt;

Result<policies::Force> ReadForce(std::string_view value) {
  if (value == "true") return policies::Force::kYes;
  if (value == "false") return policies::Force::kNo;
  return Error{ErrorCode::kInvalid, "force must be true or false"};
}

Result<MadeQuery> ReadMadeQuery(const Call& call) {
  MadeQuery query;
  for (const auto& [name, value] : call.request.query) {
    if (call.request.query.count(name) > 1)
      return Error{ErrorCode::kInvalid, "\"" + name + "\" is given twice"};
    if (name == "force") {
      ASSIGN_OR_RETURN(query.force, ReadForce(value));
    } else if (name != "wait") {
      return Error{ErrorCode::kInvalid, "a parameter of the query is not known; known are: force, wait"};
    }
  }
  ASSIGN_OR_RETURN(query.wait, ReadWait(call));
  return query;
}

Answer Made(const Context& context, const std::optional<std::chrono::seconds>& wait,
            const Result<Attempt>& attempt) {
  if (!attempt) return Conflict(attempt.error());
  switch (attempt->outcome) {
    case Attempt::Outcome::kDone:
    case Attempt::Outcome::kUnchanged:
      return WithReach(context, wait, {.kind = intake::Concern::Kind::kPolicy},
                       Json(200, [&](json::Writer& out) { WriteApplied(*attempt, out); }),
                       attempt->issued->version.version);
    case Attempt::Outcome::kWrong: break;
    case Attempt::Outcome::kNeedsForce:
    case Attempt::Outcome::kStale:
      return Json(409, [&](json::Writer& out) { WriteRefused(*attempt, ErrorCode::kDenied, out); });
  }
  return Json(400, [&](json::Writer& out) { WriteRefused(*attempt, ErrorCode::kInvalid, out); });
}

}  // namespace postern::api
