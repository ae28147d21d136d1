// A collector's API over TLS with everything behind it, in memory, and somebody of each role to call it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collector/api/api.h"
#include "collector/store/memory_store.h"
#include "shared/base/check.h"
#include "shared/json/value.h"
#include "shared/rest/client.h"
#include "tests/collector/api/accounts.h"
#include "tests/collector/audit/log_of.h"
#include "tests/collector/treasury/clerk.h"
#include "tests/support/certificate.h"
#include "tests/support/temporary_directory.h"

namespace postern::api {

// An answer, with its body read.
struct Reply {
  int status = 0;
  std::string body;
  rest::Headers headers;

  json::Object object() const;
  std::string Text(std::string_view name) const;  // a field of the body
  std::string error() const;                      // "404 not_found: there is no …"; "" below 400
};

class Keep {
 public:
  explicit Keep(const Limits& limits = {});

  // With the token ("" for none).
  Reply Call(const std::string& token, const std::string& method, const std::string& path,
             const std::string& body = "") const;
  Reply Call(const std::string& token, const rest::Call& call) const;
  Reply Admin(const std::string& method, const std::string& path, const std::string& body = "") const {
    return Call(admin, method, path, body);
  }

  // The collector's own record: the last administration, and how many there are.
  wire::Administration LastAdministration() const;
  size_t Administrations() const;

  // What the API is told when it asks whom a change has reached: one of two holders, and hosts of every kind
  // that may go on. Of the agent "nobody-knows" that can't be said.
  static Result<intake::Reach> Reached(const intake::Concern& concern, uint64_t revision);

  // A host joins; its id.
  std::string Enrol(const std::string& host);
  rest::ClientOptions ClientOptions(const std::string& token) const;

  std::string admin, viewer, developer;  // tokens; the developer's user is ada@example.com
  std::string admin_id, viewer_id, developer_id;

  store::Store& store() { return *store_; }
  directory::Directory& directory() { return *directory_; }
  policies::Policies& policies() { return *policies_; }
  intake::Presence& presence() { return presence_; }
  treasury::Treasury& treasury() { return *treasury_; }
  Accounts& accounts() { return *accounts_; }
  Api& api() { return *api_; }
  const support::Certificate& certificate() const { return certificate_; }
  const support::TemporaryDirectory& files() const { return files_; }

 private:
  support::TemporaryDirectory files_;
  support::Certificate certificate_ = support::MakeCertificate(files_);
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore();
  crypto::SigningKey log_key_ = crypto::SigningKey::Generate();
  std::unique_ptr<chronicle::Chronicle> chronicle_;
  sealing::MasterKey master_key_ = *sealing::MasterKey::Generate();
  std::unique_ptr<directory::Directory> directory_;
  crypto::SigningKey policy_key_ = crypto::SigningKey::Generate();
  std::unique_ptr<policies::Policies> policies_;
  intake::Presence presence_;
  std::unique_ptr<treasury::Treasury> treasury_;
  std::unique_ptr<treasury::Clerk> clerk_;
  std::unique_ptr<Accounts> accounts_;
  std::unique_ptr<Api> api_;
  uint8_t hosts_ = 0;
};

// 64 hexadecimal digits of which the last two are the number's.
std::string HexKey(uint8_t number);

}  // namespace postern::api
