#include "agent/gate/caller.h"

#include <utility>

namespace postern::gate {

void Caller::Fill(wire::OsUser& record) const {
  record.set_known(os_user.has_value());
  if (!os_user) return;
  record.set_uid(os_user->uid);
  record.set_name(details->user_name);
  if (!details->process) return;
  record.set_pid(details->process->pid);
  record.set_executable(details->process->executable);
  record.set_directory(details->process->working_directory);
}

std::unique_ptr<Caller> CallerFinder::Meet(const http::Address& client, const http::Address& local) {
  auto caller = std::make_unique<Caller>();
  caller->peer = client.ToString();
  if (const auto ends = identity::EndsOf(client.get(), local.get())) caller->os_user = os_users_.Find(*ends);
  if (!caller->os_user) return caller;
  caller->details->user_name = names_.Remembered(caller->os_user->uid).value_or("");
  if (waiting_ < kMostWaiting) AskWorker(*caller);
  return caller;
}

void CallerFinder::AskWorker(const Caller& caller) {
  ++waiting_;
  worker_.Do([this, user = *caller.os_user, waiting = std::weak_ptr(caller.details)] {
    Caller::Details found{names_.NameOf(user.uid), identity::FindProcess(user)};
    loop_.Post([this, found = std::move(found), waiting] {
      --waiting_;
      if (const auto details = waiting.lock()) *details = found;
    });
  });
}

}  // namespace postern::gate
