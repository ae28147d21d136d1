#include "collector/directory/keys.h"

#include <algorithm>

#include "collector/directory/effective.h"
#include "collector/directory/names.h"
#include "collector/directory/records.h"
#include "shared/crypto/random.h"
#include "shared/crypto/sha256.h"
#include "shared/tokens/token.h"

namespace postern::directory {
namespace {

constexpr size_t kMaxLabel = 128;
constexpr size_t kMaxSentence = 512;

Act On(const char* action, std::string id) { return {action, "key", std::move(id)}; }

Status CheckFields(const NewKey& key, int64_t now) {
  RETURN_IF_ERROR(CheckUserId(key.user));
  RETURN_IF_ERROR(CheckText(key.label, "a key's label", kMaxLabel));
  RETURN_IF_ERROR(CheckExpiry(key.expires, now));
  RETURN_IF_ERROR(CheckList(key.hosts, "hosts", CheckHost));
  return CheckList(key.os_users, "OS users", CheckOsName);
}

Result<wire::UserRecord> EnabledUser(store::Store& store, const std::string& id) {
  ASSIGN_OR_RETURN(auto user, ReadLive<wire::UserRecord>(store, id));
  if (!user) return NoSuch("user", id);
  if (user->disabled()) return Error{ErrorCode::kDenied, "the user \"" + id + "\" is disabled"};
  return *std::move(user);
}

Status CheckRoom(store::Store& store, const std::string& user) {
  ASSIGN_OR_RETURN(const auto page,
                   store.List(store::RecordKind::kKey, LiveLabel(user), std::nullopt, Keys::kMaxPerUser));
  if (page.records.size() < Keys::kMaxPerUser) return Ok{};
  return Error{ErrorCode::kDenied,
               "a user has at most 200 keys that are not revoked; revoke one of them first"};
}

// A new secret: its text for the person, its hash for the record.
std::string GiveSecret(wire::KeyRecord& record) {
  std::string secret = tokens::MakeSecret(crypto::RandomBytes);
  record.set_secret_sha256(std::string(crypto::AsBytes(tokens::HashSecret(secret))));
  std::string text = tokens::Format(tokens::Kind::kVirtualKey, record.id(), secret);
  crypto::Cleanse(secret);
  return text;
}

Status NotRevoked(const wire::KeyRecord& key) {
  if (!key.revoked()) return Ok{};
  return Error{ErrorCode::kDenied, "the key \"" + key.id() + "\" was revoked, and that is for ever"};
}

// Changes the record as asked and says which fields those were.
Result<std::string> ApplyUpdate(store::Store& store, const KeyUpdate& update, int64_t now,
                                wire::KeyRecord& key) {
  RETURN_IF_ERROR(NotRevoked(key));
  std::string changed = "changed:";
  if (update.label) {
    RETURN_IF_ERROR(CheckText(*update.label, "a key's label", kMaxLabel));
    key.set_label(*update.label);
    changed += " label";
  }
  if (update.expires) {
    RETURN_IF_ERROR(CheckExpiry(*update.expires, now));
    key.set_expires(*update.expires);
    changed += " expires";
  }
  if (update.hosts) {
    RETURN_IF_ERROR(CheckList(*update.hosts, "hosts", CheckHost));
    Assign(key.mutable_hosts(), *update.hosts);
    changed += " hosts";
  }
  if (update.os_users) {
    RETURN_IF_ERROR(CheckList(*update.os_users, "OS users", CheckOsName));
    Assign(key.mutable_os_users(), *update.os_users);
    changed += " os_users";
  }
  if (update.credentials) {
    RETURN_IF_ERROR(CheckCredentials(store, *update.credentials));
    Assign(key.mutable_credentials(), *update.credentials);
    changed += " credentials";
  }
  return changed;
}

}  // namespace

Result<IssuedKey> Keys::Create(const Actor& actor, const NewKey& key) {
  IssuedKey issued;
  const auto decide = [&]() -> Result<Draft> {
    RETURN_IF_ERROR(CheckFields(key, registrar_.now()));
    RETURN_IF_ERROR(CheckCredentials(registrar_.store(), key.credentials));
    ASSIGN_OR_RETURN(const wire::UserRecord user, EnabledUser(registrar_.store(), key.user));
    RETURN_IF_ERROR(CheckRoom(registrar_.store(), key.user));
    wire::KeyRecord record;
    record.set_id(tokens::MakeId(crypto::RandomBytes));
    record.set_user(key.user);
    record.set_team(user.team());
    record.set_label(key.label);
    record.set_created(registrar_.now());
    record.set_expires(key.expires);
    Assign(record.mutable_hosts(), key.hosts);
    Assign(record.mutable_os_users(), key.os_users);
    Assign(record.mutable_credentials(), key.credentials);
    crypto::Cleanse(issued.text);
    issued.text = GiveSecret(record);
    issued.record = record;
    Draft draft;
    draft.target = record.id();
    draft.sentence = "for user " + key.user;
    // The user is written as well, unchanged: whoever disables or moves the user at the same moment finds
    // that somebody was quicker, or this does.
    draft.change.records = {PutOf(std::move(record)), PutOf(user)};
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Perform(actor, On("key.create", ""), decide));
  issued.record.set_revision(revision);
  ASSIGN_OR_RETURN(issued.record, Standings(registrar_.store(), organisation_).Apply(issued.record));
  return issued;
}

Result<wire::KeyRecord> Keys::Change(const Actor& actor, const char* action, const std::string& id,
                                     const Changer& change) {
  wire::KeyRecord changed;
  bool written = false;
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto key, Read<wire::KeyRecord>(registrar_.store(), id));
    if (!key) return NoSuch("key", id);
    const std::string before = key->SerializeAsString();
    Draft draft;
    ASSIGN_OR_RETURN(draft.sentence, change(*key));
    changed = *key;
    written = key->SerializeAsString() != before;
    if (written) draft.change.records.push_back(PutOf(*std::move(key)));
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Perform(actor, On(action, id), decide));
  if (written) changed.set_revision(revision);
  return Standings(registrar_.store(), organisation_).Apply(std::move(changed));
}

Result<wire::KeyRecord> Keys::Update(const Actor& actor, const std::string& id, const KeyUpdate& update) {
  return Change(actor, "key.update", id, [&](wire::KeyRecord& key) {
    return ApplyUpdate(registrar_.store(), update, registrar_.now(), key);
  });
}

Result<wire::KeyRecord> Keys::Disable(const Actor& actor, const std::string& id,
                                      const std::string& sentence) {
  return Change(actor, "key.disable", id, [&](wire::KeyRecord& key) -> Result<std::string> {
    RETURN_IF_ERROR(NotRevoked(key));
    RETURN_IF_ERROR(CheckText(sentence, "the sentence", kMaxSentence));
    key.set_disabled(true);
    key.set_sentence(sentence);
    return sentence;
  });
}

Result<wire::KeyRecord> Keys::Enable(const Actor& actor, const std::string& id) {
  return Change(actor, "key.enable", id, [&](wire::KeyRecord& key) -> Result<std::string> {
    RETURN_IF_ERROR(NotRevoked(key));
    key.set_disabled(false);
    key.clear_sentence();
    return std::string();
  });
}

Result<IssuedKey> Keys::Rotate(const Actor& actor, const std::string& id) {
  IssuedKey issued;
  ASSIGN_OR_RETURN(issued.record,
                   Change(actor, "key.rotate", id, [&](wire::KeyRecord& key) -> Result<std::string> {
                     RETURN_IF_ERROR(NotRevoked(key));
                     crypto::Cleanse(issued.text);
                     issued.text = GiveSecret(key);
                     return std::string();
                   }));
  return issued;
}

Result<wire::KeyRecord> Keys::Revoke(const Actor& actor, const std::string& id, const std::string& sentence) {
  return Change(actor, "key.revoke", id, [&](wire::KeyRecord& key) -> Result<std::string> {
    RETURN_IF_ERROR(CheckText(sentence, "the sentence", kMaxSentence));
    if (key.revoked()) return std::string("was revoked before");
    key.set_revoked(true);
    key.set_sentence(sentence);
    return sentence;
  });
}

Result<bool> Keys::Bury(const wire::KeyRecord& proved, const std::string& agent) {
  bool done = false;
  const auto decide = [&]() -> Result<Draft> {
    done = false;
    if (!tokens::IsId(proved.id())) return Error{ErrorCode::kInvalid, "a tombstone names no key"};
    ASSIGN_OR_RETURN(auto key, Read<wire::KeyRecord>(registrar_.store(), proved.id()));
    if (key && key->revoked()) return Draft{};
    if (!key) {
      // Only the id is proved; what else the agent says of it stands in no record.
      key.emplace();
      key->set_id(proved.id());
      key->set_label("forgotten by a restored backup");
    }
    key->set_revoked(true);
    key->clear_sentence();
    done = true;
    Draft draft;
    draft.change.records.push_back(PutOf(*std::move(key)));
    wire::Alarm& alarm = *draft.events.emplace_back().mutable_alarm();
    alarm.set_reason("forgotten_revocation");
    alarm.set_agent(agent);
    alarm.set_sentence("the key " + proved.id() + " was revoked before a backup was restored, and is again");
    return draft;
  };
  if (auto noted = registrar_.Note(decide); !noted) return noted.error();
  return done;
}

Result<wire::KeyRecord> Keys::Find(const std::string& id) {
  ASSIGN_OR_RETURN(auto key, Read<wire::KeyRecord>(registrar_.store(), id));
  if (!key) return NoSuch("key", id);
  return Standings(registrar_.store(), organisation_).Apply(*std::move(key));
}

Result<Page<wire::KeyRecord>> Keys::List(const KeyFilter& filter, const PageRequest& request) {
  std::optional<std::string> label;
  if (filter.team) label = TeamLabel(*filter.team);
  if (filter.user) label = UserLabel(*filter.user);
  const bool both = filter.user && filter.team;
  ASSIGN_OR_RETURN(auto page, ListPage<wire::KeyRecord>(registrar_.store(), label, request,
                                                        [&](const wire::KeyRecord& key) {
                                                          return !both || key.team() == *filter.team;
                                                        }));
  Standings standings(registrar_.store(), organisation_);
  for (wire::KeyRecord& key : page.items) {
    const std::string team = key.team();  // a revoked key stays in the team that it was revoked in
    ASSIGN_OR_RETURN(key, standings.Apply(std::move(key)));
    if (key.revoked()) key.set_team(team);
  }
  return page;
}

}  // namespace postern::directory
