// Who opened a connection, as far as the kernel tells: the OS user at once, its name and its process a little
// later.
//
//   accept ──▶ OS user (two system calls)                  is known before the first request
//          ──▶ worker: name, process (reads through /proc)  milliseconds later, so the first intent may lack
//          them
//
// Only the uid is ever decided by. Owned by the loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/identity/os_user.h"
#include "agent/identity/process_facts.h"
#include "agent/identity/user_names.h"
#include "agent/screening/clean_head.h"
#include "shared/http/loop.h"
#include "shared/http/server.h"
#include "shared/http/worker.h"
#include "shared/wire/event.h"

namespace postern::gate {

// What a connection's requests have in common.
struct Caller final : http::ConnectionNote {
  // What a worker finds out while the connection goes on.
  struct Details {
    std::string user_name;
    std::optional<identity::ProcessFacts> process;
  };

  std::string peer;
  std::optional<identity::OsUser> os_user;
  std::shared_ptr<Details> details = std::make_shared<Details>();  // shared with the worker's answer
  screening::CleanHead clean_head;

  std::optional<uid_t> uid() const { return os_user ? std::optional(os_user->uid) : std::nullopt; }
  bool process_known() const { return details->process.has_value(); }
  void Fill(wire::OsUser& record) const;
};

// Makes the callers.
class CallerFinder {
 public:
  // All of them must live longer, and the worker must end before the loop.
  CallerFinder(http::Loop& loop, http::Worker& worker, identity::UserNames& names)
      : loop_(loop), worker_(worker), names_(names) {}

  std::unique_ptr<Caller> Meet(const http::Address& client, const http::Address& local);

 private:
  // More look-ups than this do not wait for the worker: a flood of connections is served without names and
  // processes.
  static constexpr size_t kMostWaiting = 64;

  void AskWorker(const Caller& caller);

  http::Loop& loop_;
  http::Worker& worker_;
  identity::UserNames& names_;
  identity::OsUserFinder os_users_;
  size_t waiting_ = 0;
};

}  // namespace postern::gate
