// Who an exchange is for.
#pragma once

#include <string>

namespace postern::identity {

// A user in a team in an organisation. Team and organisation may be empty on a lone host.
struct Principal {
  std::string user;
  std::string team;
  std::string organisation;

  friend bool operator==(const Principal&, const Principal&) = default;
};

}  // namespace postern::identity
