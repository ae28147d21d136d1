#include "collector/api/door.h"

#include <algorithm>
#include <utility>

#include "collector/api/metrics.h"
#include "shared/base/log.h"

namespace postern::api {
namespace {

constexpr size_t kStrangersAtOnce = 50;
constexpr double kStrangersPerSecond = 1;

const Error kNoToken{ErrorCode::kDenied, "the call needs an administrator's token that is valid"};

rest::Response WithHeader(rest::Response response, std::string name, std::string value) {
  response.headers.emplace_back(std::move(name), std::move(value));
  return response;
}

Call CallOf(const rest::Request& request, const Match& match, wire::AdministratorRecord caller) {
  directory::Actor actor{.administrator = caller.id(),
                         .name = caller.name(),
                         .role = caller.role(),
                         .source = request.source,
                         .request_path = request.path};
  return {.request = request, .caller = std::move(caller), .actor = std::move(actor), .id = match.id};
}

}  // namespace

Door::Door(const Context& context)
    : context_(context),
      shared_(Shared{.gatekeeper = Gatekeeper(context.options.limits),
                     .records = Bucket(kStrangersAtOnce, kStrangersPerSecond, BootClock::now())}) {}

uint64_t Door::lock_outs() const {
  return shared_.With([](const Shared& shared) { return shared.gatekeeper.lock_outs(); });
}

rest::Response Door::Answer(const rest::Request& request) {
  const BootTime began = BootClock::now();
  const Match match = FindRoute(request.method, request.segments);
  rest::Response response = Admit(request, match);
  const std::string_view operation = match.route == nullptr ? "unknown" : match.route->operation;
  context_.metrics.Count(operation, response.status);
  const auto took = std::chrono::floor<std::chrono::microseconds>(BootClock::now() - began);
  Log(response.status >= 500 ? Level::kWarning : Level::kDebug, "a call was answered",
      {{"operation", operation},
       {"status", response.status},
       {"source", request.source},
       {"us", took.count()}});
  return response;
}

size_t Door::BodyLimit(const rest::Request& head) const {
  const size_t usual = context_.options.server.body_bytes;
  const Match match = FindRoute(head.method, head.segments);
  if (match.route == nullptr || match.route->body == BodySize::kUsual) return usual;
  const auto caller = context_.parts.directory.administrators().Authenticate(head.Bearer());
  const bool may = caller && MayCall(match.route->access, caller->role());
  return may ? std::max(usual, context_.options.limits.large_body) : usual;
}

rest::Response Door::Admit(const rest::Request& request, const Match& match) {
  const bool open = match.route != nullptr && match.route->access == Access::kOpen;
  if (open && !match.route->changes()) return Handle(CallOf(request, match, {}), *match.route);
  const BootTime now = BootClock::now();
  const auto hold =
      shared_.With([&](Shared& shared) { return shared.gatekeeper.LockedOut(request.source, now); });
  if (hold)
    return TooMany(CallOf(request, match, {}), match, *hold, "this address presented too many wrong tokens");
  if (open) return AdmitOpen(request, match);
  auto caller = context_.parts.directory.administrators().Authenticate(request.Bearer());
  if (caller) return AdmitCaller(request, match, *std::move(caller));
  const ErrorCode code = caller.error().code;
  if (code == ErrorCode::kDenied || code == ErrorCode::kInvalid || code == ErrorCode::kNotFound)
    return Unauthenticated(request, match);
  return rest::Refusal(caller.error());
}

rest::Response Door::AdmitOpen(const rest::Request& request, const Match& match) {
  const Call call = CallOf(request, match, {});
  const auto hold = shared_.With(
      [&](Shared& shared) { return shared.gatekeeper.Enrolment(request.source, BootClock::now()); });
  if (hold) return TooMany(call, match, *hold, "too many hosts try to join from this address");
  return Handle(call, *match.route);
}

rest::Response Door::Unauthenticated(const rest::Request& request, const Match& match) {
  const Call call = CallOf(request, match, {});
  const BootTime now = BootClock::now();
  const bool presented = !request.Bearer().empty();
  const auto often =
      shared_.With([&](Shared& shared) { return shared.gatekeeper.Call(request.source, now); });
  if (often) return TooMany(call, match, *often, "too many calls without a token");
  const auto lock_out = shared_.With([&](Shared& shared) -> std::optional<Hold> {
    if (!presented) return std::nullopt;
    return shared.gatekeeper.BadToken(request.source, now);
  });
  if (lock_out) return TooMany(call, match, *lock_out, "this address presented too many wrong tokens");
  RecordStranger(call, match.route, kNoToken);
  return WithHeader(rest::Refusal(401, Name(kNoToken.code), kNoToken.message), "WWW-Authenticate", "Bearer");
}

rest::Response Door::AdmitCaller(const rest::Request& request, const Match& match,
                                 wire::AdministratorRecord caller) {
  const Call call = CallOf(request, match, std::move(caller));
  const auto hold = shared_.With(
      [&](Shared& shared) { return shared.gatekeeper.Call(call.caller.id(), BootClock::now()); });
  if (hold) return TooMany(call, match, *hold, "too many calls with this token");
  if (match.route == nullptr) return NoRoute(call, match);
  if (MayCall(match.route->access, call.caller.role())) return Handle(call, *match.route);
  const Error error{ErrorCode::kDenied, "the role " + std::string(directory::RoleName(call.caller.role())) +
                                            " doesn't allow " + std::string(match.route->operation)};
  Record(call, match.route, error);
  return rest::Refusal(error);
}

rest::Response Door::Handle(const Call& call, const Route& route) {
  auto answer = route.answer(context_, call);
  if (answer) return *std::move(answer);
  const Error& error = answer.error();
  // What reads and isn't allowed to is worth a record; a slip in a question isn't.
  if (route.access == Access::kOpen) RecordStranger(call, &route, error);
  else if (route.changes() || error.code == ErrorCode::kDenied) Record(call, &route, error);
  rest::Response response = rest::Refusal(error);
  if (error.code == ErrorCode::kExhausted) return WithHeader(std::move(response), "Retry-After", "5");
  return response;
}

rest::Response Door::NoRoute(const Call& call, const Match& match) {
  const bool known = !match.allowed.empty();
  const Error error{ErrorCode::kNotFound,
                    known ? "this path doesn't take this method" : "there is no such path"};
  if (call.request.method != "GET" && call.request.method != "HEAD") Record(call, nullptr, error);
  rest::Response response = rest::Refusal(known ? 405 : 404, Name(error.code), error.message);
  return known ? WithHeader(std::move(response), "Allow", match.allowed) : response;
}

rest::Response Door::TooMany(const Call& call, const Match& match, const Hold& hold,
                             std::string_view sentence) {
  const Error error{ErrorCode::kExhausted, std::string(sentence)};
  if (hold.first) {
    if (call.caller.id().empty()) RecordStranger(call, match.route, error);
    else Record(call, match.route, error);
  }
  return WithHeader(rest::Refusal(error), "Retry-After", std::to_string(hold.retry_after.count()));
}

void Door::Record(const Call& call, const Route* route, const Error& error) {
  const directory::Act act{.action = std::string(route == nullptr ? "unknown" : route->operation),
                           .target_kind = std::string(route == nullptr ? "" : route->target_kind),
                           .target = call.id};
  const Status recorded = context_.parts.directory.registrar().RecordRefusal(call.actor, act, error);
  if (!recorded) {
    LOG_LIMITED(std::chrono::seconds(1), Level::kError, "a refused call could not be recorded",
                {{"action", act.action}, {"why", recorded.error().message}});
  }
}

void Door::RecordStranger(const Call& call, const Route* route, Error error) {
  const auto withheld = shared_.With([&](Shared& shared) -> std::optional<uint64_t> {
    if (!shared.records.Take(BootClock::now())) return std::exchange(shared.withheld, 0);
    ++shared.withheld;
    return std::nullopt;
  });
  if (!withheld) return;
  if (*withheld > 0) error.message += " (" + std::to_string(*withheld) + " more were not recorded)";
  Record(call, route, error);
}

}  // namespace postern::api
