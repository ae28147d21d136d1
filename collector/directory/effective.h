// What a key comes to through its user and the user's team. Private to this directory.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "collector/store/store.h"
#include "shared/base/result.h"
#include "shared/wire/directory.pb.h"

namespace postern::directory {

// A user's standing: what every key and OS identity of the user has from it.
struct Standing {
  std::string team;
  std::string organisation;
  std::string
      why_not;  // goes on after "Your Postern key is switched off: "; empty where nothing is in the way
  std::vector<std::string> credentials;
  uint64_t revision = 0;  // the newest of the records that it follows from
};

// Reads each user and team once, so that a page of keys costs few reads. Thread-compatible.
class Standings {
 public:
  Standings(store::Store& store, std::string organisation)
      : store_(store), organisation_(std::move(organisation)) {}

  Result<Standing> Of(const std::string& user);
  Result<Standing> OfTeam(const std::string& team);  // empty: in none

  // The key as agents get it.
  Result<wire::KeyRecord> Apply(wire::KeyRecord key);

 private:
  store::Store& store_;
  const std::string organisation_;
  std::map<std::string, Standing> users_;
  std::map<std::string, Standing> teams_;
};

}  // namespace postern::directory
