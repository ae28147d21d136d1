// Whom a policy is for: what the directory holds, as far as checking and comparing policies needs it.
#pragma once

#include <string>
#include <vector>

namespace postern::policy {

struct Person {
  std::string user;
  std::string team;  // may be empty
};

struct Holder {
  std::string key;
  std::string user;
  std::string team;
};

// Removed and revoked ones left out. An empty list of teams, providers, credentials or hosts means that
// nothing is known of them, not that there are none.
struct People {
  std::vector<std::string> teams;
  std::vector<Person> users;
  std::vector<Holder> keys;
  std::vector<std::string> providers;
  std::vector<std::string> credentials;
  std::vector<std::string> hosts;  // by their agents' names
};

}  // namespace postern::policy
