// Who may call the API, and as what.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/directory/page.h"
#include "collector/directory/registrar.h"
#include "shared/base/result.h"
#include "shared/wire/directory.pb.h"

namespace postern::directory {

struct NewAdministrator {
  std::string name;
  wire::Role role = wire::ROLE_NONE;
  std::string user;     // of a developer: an existing one
  int64_t expires = 0;  // seconds since 1970; 0: never
};

struct IssuedAdministrator {
  wire::AdministratorRecord record;
  std::string text;  // "psa_…"; can't be shown again
};

// Errors as Keys. Thread-safe.
class Administrators {
 public:
  explicit Administrators(Registrar& registrar) : registrar_(registrar) {}

  Result<IssuedAdministrator> Create(const Actor& actor, const NewAdministrator& administrator);
  Result<IssuedAdministrator> Rotate(const Actor& actor, const std::string& id);
  // kDenied where no other is left with the role admin that doesn't expire.
  Status Remove(const Actor& actor, const std::string& id);
  Result<wire::AdministratorRecord> Find(const std::string& id);
  Result<Page<wire::AdministratorRecord>> List(const PageRequest& page);

  // Who presents this token. kDenied where nobody does; whether its id exists is not told. Records nothing:
  // the caller knows the rest of the call.
  Result<wire::AdministratorRecord> Authenticate(std::string_view token);

 private:
  Registrar& registrar_;
};

}  // namespace postern::directory
