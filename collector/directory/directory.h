// The organisation as the collector knows it: who there is, which keys they have, which hosts have joined,
// who administers. It lies in the store; every change of it is committed together with the event that says
// who made it, and raises the one revision that orders all of them. Nothing is removed but becomes a
// tombstone.
//
//   directory.keys().Create(actor, …) ─┐
//   directory.people().UpdateUser(…)  ─┼─ Registrar ── Chronicle::Append(event, records) ──▶ store
//   directory.agents().Enrol(…)       ─┘
//
// Of keys and tokens only the SHA-256 of their secrets is stored, of credentials only what is encrypted.
// Fails closed: what can't be recorded isn't done, and a key whose user or team is missing is disabled.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/directory/administrators.h"
#include "collector/directory/agents.h"
#include "collector/directory/credentials.h"
#include "collector/directory/keys.h"
#include "collector/directory/people.h"
#include "collector/directory/registrar.h"
#include "collector/directory/settings.h"

namespace postern::directory {

struct Options {
  std::string organisation;  // of teams that name none, and of users without a team
  std::function<WallTime()> wall_now = WallNow;
};

// What has changed after some revision, by kind. A key is affected where it is in `keys`, its user in `users`
// or its team in `teams`; an OS user where any user or team is.
struct Changes {
  std::vector<std::string> keys, users, teams, credentials, agents;
  uint64_t revision = 0;  // it is all up to this one; `more`: ask again from here
  bool more = false;
};

// Thread-safe.
class Directory {
 public:
  // All three must live longer.
  Directory(store::Store& store, chronicle::Chronicle& chronicle, const sealing::MasterKey& master_key,
            const Options& options);

  Keys& keys() { return keys_; }
  People& people() { return people_; }
  Credentials& credentials() { return credentials_; }
  Agents& agents() { return agents_; }
  Administrators& administrators() { return administrators_; }
  Settings& settings() { return settings_; }
  // For Subscribe, and for calls that were refused or answered elsewhere.
  Registrar& registrar() { return registrar_; }

  uint64_t revision() { return registrar_.store().stats().revision; }
  Result<Changes> ChangedSince(uint64_t revision, size_t limit = 1000);

 private:
  Registrar registrar_;
  Keys keys_;
  People people_;
  Credentials credentials_;
  Agents agents_;
  Administrators administrators_;
  Settings settings_;
};

}  // namespace postern::directory
