#include "collector/directory/registrar.h"

#include <iterator>

#include "collector/directory/names.h"

namespace postern::directory {
namespace {

constexpr int kAttempts = 100;

Error Busy() {
  return Error{ErrorCode::kUnavailable, "others were changing the same all the time; try again"};
}

// What a rule or the caller's input has refused, and not what broke down.
bool IsRefusal(const Error& error) {
  return error.code == ErrorCode::kInvalid || error.code == ErrorCode::kNotFound ||
         error.code == ErrorCode::kDenied;
}

wire::Event AdministrationOf(const Actor& actor, const Act& act, const char* outcome,
                             const std::string& sentence) {
  wire::Event event;
  wire::Administration& call = *event.mutable_administration();
  call.set_action(act.action);
  call.set_outcome(outcome);
  call.set_administrator(actor.administrator);
  call.set_name(actor.name);
  call.set_role(RoleName(actor.role));
  call.set_target_kind(act.target_kind);
  if (IsRecordable(act.target)) call.set_target(act.target);
  call.set_request_path(Presentable(actor.request_path));
  call.set_source(actor.source);
  call.set_sentence(Presentable(sentence));
  return event;
}

}  // namespace

const char* RoleName(wire::Role role) {
  switch (role) {
    case wire::ROLE_ADMIN: return "admin";
    case wire::ROLE_VIEWER: return "viewer";
    case wire::ROLE_DEVELOPER: return "developer";
    default: return "none";
  }
}

int64_t Registrar::now() const {
  return std::chrono::floor<std::chrono::seconds>(wall_now_()).time_since_epoch().count();
}

Result<uint64_t> Registrar::Perform(const Actor& actor, const Act& act, const Decide& decide) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto draft = decide();
    if (!draft) {
      if (IsRefusal(draft.error())) RETURN_IF_ERROR(RecordRefusal(actor, act, draft.error()));
      return draft.error();
    }
    Act done = act;
    if (!draft->target.empty()) done.target = draft->target;
    std::vector<wire::Event> events{AdministrationOf(actor, done, "done", draft->sentence)};
    events.insert(events.end(), std::make_move_iterator(draft->events.begin()),
                  std::make_move_iterator(draft->events.end()));
    auto revision = Commit(std::move(events), std::move(draft->change));
    if (revision || revision.error().code != ErrorCode::kDenied) return revision;
  }
  return Busy();
}

Result<uint64_t> Registrar::Note(const Decide& decide) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ASSIGN_OR_RETURN(Draft draft, decide());
    if (draft.events.empty() && draft.change.empty()) return store_.stats().revision;
    auto revision = Commit(std::move(draft.events), std::move(draft.change));
    if (revision || revision.error().code != ErrorCode::kDenied) return revision;
  }
  return Busy();
}

Result<uint64_t> Registrar::Commit(std::vector<wire::Event> events, store::Change change) {
  const bool changes_records = !change.records.empty();
  ASSIGN_OR_RETURN(const store::Receipt receipt, chronicle_.Append(std::move(events), std::move(change)));
  if (changes_records) {
    const std::lock_guard lock(listeners_mutex_);
    for (const auto& [subscription, listener] : listeners_) listener(receipt.revision);
  }
  return receipt.revision;
}

Status Registrar::RecordRefusal(const Actor& actor, const Act& act, const Error& error) {
  if (auto recorded = chronicle_.Record(AdministrationOf(actor, act, "refused", error.message)); !recorded)
    return recorded.error();
  return Ok{};
}

Status Registrar::RecordDone(const Actor& actor, const Act& act, const std::string& sentence) {
  if (auto recorded = chronicle_.Record(AdministrationOf(actor, act, "done", sentence)); !recorded)
    return recorded.error();
  return Ok{};
}

uint64_t Registrar::Subscribe(Listener listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.emplace(++last_subscription_, std::move(listener));
  return last_subscription_;
}

void Registrar::Unsubscribe(uint64_t subscription) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.erase(subscription);
}

}  // namespace postern::directory
