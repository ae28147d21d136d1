#include "collector/directory/administrators.h"

#include <algorithm>

#include "collector/directory/names.h"
#include "collector/directory/records.h"
#include "shared/crypto/random.h"
#include "shared/crypto/wiped.h"
#include "shared/tokens/token.h"

namespace postern::directory {
namespace {

constexpr size_t kMaxName = 128;

Act On(const char* action, std::string id) { return {action, "administrator", std::move(id)}; }

Error Denied(const char* sentence) { return {ErrorCode::kDenied, sentence}; }

std::string GiveSecret(wire::AdministratorRecord& record) {
  std::string secret = tokens::MakeSecret(crypto::RandomBytes);
  const crypto::WipeAtEnd wipe(secret);
  record.set_secret_sha256(std::string(crypto::AsBytes(tokens::HashSecret(secret))));
  return tokens::Format(tokens::Kind::kAdministrator, record.id(), secret);
}

Status CheckFields(store::Store& store, const NewAdministrator& administrator, int64_t now) {
  RETURN_IF_ERROR(CheckText(administrator.name, "an administrator's name", kMaxName));
  if (administrator.name.empty()) return Error{ErrorCode::kInvalid, "an administrator needs a name"};
  RETURN_IF_ERROR(CheckExpiry(administrator.expires, now));
  switch (administrator.role) {
    case wire::ROLE_ADMIN:
    case wire::ROLE_VIEWER:
      if (administrator.user.empty()) return Ok{};
      return Error{ErrorCode::kInvalid, "only a developer is bound to a user"};
    case wire::ROLE_DEVELOPER: {
      if (administrator.user.empty())
        return Error{ErrorCode::kInvalid, "a developer needs a user, whose records may be read"};
      ASSIGN_OR_RETURN(const auto user, ReadLive<wire::UserRecord>(store, administrator.user));
      if (!user) return NoSuch("user", administrator.user);
      return Ok{};
    }
    default: return Error{ErrorCode::kInvalid, "a role is admin, viewer or developer"};
  }
}

// Another one who can still do everything afterwards.
Result<wire::AdministratorRecord> WhoRemains(store::Store& store, const std::string& without) {
  ASSIGN_OR_RETURN(const auto lasting, ReadAll<wire::AdministratorRecord>(store, kLastingAdminLabel));
  for (const wire::AdministratorRecord& other : lasting) {
    if (other.id() != without) return other;
  }
  return Denied("this is the last one with the role admin that doesn't expire; make another one first");
}

}  // namespace

Result<IssuedAdministrator> Administrators::Create(const Actor& actor,
                                                   const NewAdministrator& administrator) {
  IssuedAdministrator issued;
  const auto decide = [&]() -> Result<Draft> {
    RETURN_IF_ERROR(CheckFields(registrar_.store(), administrator, registrar_.now()));
    wire::AdministratorRecord& record = issued.record;
    record.Clear();
    record.set_id(tokens::MakeId(crypto::RandomBytes));
    record.set_name(administrator.name);
    record.set_role(administrator.role);
    record.set_user(administrator.user);
    record.set_created(registrar_.now());
    record.set_expires(administrator.expires);
    crypto::Cleanse(issued.text);
    issued.text = GiveSecret(record);
    Draft draft;
    draft.target = record.id();
    draft.sentence = std::string(RoleName(record.role())) + " " + record.name();
    draft.change.records = {PutOf(record)};
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision,
                   registrar_.Perform(actor, On("administrator.create", ""), decide));
  issued.record.set_revision(revision);
  return issued;
}

Result<IssuedAdministrator> Administrators::Rotate(const Actor& actor, const std::string& id) {
  IssuedAdministrator issued;
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto record, ReadLive<wire::AdministratorRecord>(registrar_.store(), id));
    if (!record) return NoSuch("administrator", id);
    crypto::Cleanse(issued.text);
    issued.text = GiveSecret(*record);
    issued.record = *record;
    Draft draft;
    draft.change.records.push_back(PutOf(*std::move(record)));
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision,
                   registrar_.Perform(actor, On("administrator.rotate", id), decide));
  issued.record.set_revision(revision);
  return issued;
}

Status Administrators::Remove(const Actor& actor, const std::string& id) {
  store::Store& store = registrar_.store();
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto record, ReadLive<wire::AdministratorRecord>(store, id));
    if (!record) return NoSuch("administrator", id);
    Draft draft;
    if (!RecordTraits<wire::AdministratorRecord>::Labels(*record).empty()) {
      ASSIGN_OR_RETURN(wire::AdministratorRecord remains, WhoRemains(store, id));
      // Written as well, unchanged, so that two who remove each other at the same moment can't both succeed.
      draft.change.records.push_back(PutOf(std::move(remains)));
    }
    record->set_removed(true);
    draft.change.records.push_back(PutOf(*std::move(record)));
    return draft;
  };
  if (auto done = registrar_.Perform(actor, On("administrator.remove", id), decide); !done)
    return done.error();
  return Ok{};
}

Result<wire::AdministratorRecord> Administrators::Find(const std::string& id) {
  ASSIGN_OR_RETURN(auto record, ReadLive<wire::AdministratorRecord>(registrar_.store(), id));
  if (!record) return NoSuch("administrator", id);
  return *std::move(record);
}

Result<Page<wire::AdministratorRecord>> Administrators::List(const PageRequest& page) {
  return ListPage<wire::AdministratorRecord>(
      registrar_.store(), std::nullopt, page,
      [](const wire::AdministratorRecord& record) { return !record.removed(); });
}

Result<wire::AdministratorRecord> Administrators::Authenticate(std::string_view text) {
  const tokens::Token token = tokens::Parse(tokens::Kind::kAdministrator, text);
  if (token.form == tokens::Form::kForeign) return Denied("this is no administrator's token");
  if (token.form != tokens::Form::kOurs) return Denied("the administrator's token was mistyped or cut");
  ASSIGN_OR_RETURN(const auto record,
                   Read<wire::AdministratorRecord>(registrar_.store(), std::string(token.id)));
  const crypto::Digest digest = tokens::HashSecret(token.secret);
  if (!record || !crypto::ConstantTimeEqual(record->secret_sha256(), crypto::AsBytes(digest)))
    return Denied("the administrator's token is unknown");
  if (record->removed()) return Denied("the administrator's token was removed");
  if (record->expires() != 0 && record->expires() <= registrar_.now())
    return Denied("the administrator's token has expired");
  if (record->role() == wire::ROLE_DEVELOPER) {
    ASSIGN_OR_RETURN(const auto user, ReadLive<wire::UserRecord>(registrar_.store(), record->user()));
    if (!user || user->disabled()) return Denied("the user of this token is disabled or was removed");
  }
  return *record;
}

}  // namespace postern::directory
