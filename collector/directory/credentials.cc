#include "collector/directory/credentials.h"

#include <algorithm>

#include "collector/directory/names.h"
#include "collector/directory/records.h"
#include "shared/base/log.h"
#include "shared/sealing/sealed_credential.h"

namespace postern::directory {
namespace {

Act On(const char* action, std::string name) { return {action, "credential", std::move(name)}; }

Status CheckValue(std::string_view value) {
  const bool visible = std::all_of(value.begin(), value.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!value.empty() && value.size() <= sealing::kMaxCredential && visible) return Ok{};
  return Error{ErrorCode::kInvalid,
               "a credential has 1 to 8,192 visible ASCII characters and no white space"};
}

Result<std::string> HeaderOf(const NewCredential& credential) {
  if (credential.header.empty()) return std::string("x-api-key");
  if (credential.header == "x-api-key" || credential.header == "authorization") return credential.header;
  return Error{ErrorCode::kInvalid, "a credential's header is x-api-key or authorization"};
}

sealing::Place PlaceOf(const wire::CredentialRecord& record) {
  return {record.id(), record.provider(), record.header(), record.generation()};
}

wire::CredentialRecord Shown(wire::CredentialRecord record) {
  record.clear_encrypted();
  return record;
}

std::string Mark(const std::string& name, uint32_t generation) {
  return name + "#" + std::to_string(generation);
}

// That the agent holds this generation, and no earlier one of the same name. Whether that is new.
bool NoteHeld(wire::AgentRecord& agent, const std::string& name, uint32_t generation) {
  const std::string mark = Mark(name, generation);
  auto& held = *agent.mutable_credentials();
  if (std::find(held.begin(), held.end(), mark) != held.end()) return false;
  held.erase(std::remove_if(held.begin(), held.end(),
                            [&](const std::string& other) { return other.starts_with(name + "#"); }),
             held.end());
  held.Add(std::string(mark));
  return true;
}

wire::SealedCredential Gone(const std::string& name) {
  wire::SealedCredential sealed;
  sealed.set_name(name);
  sealed.set_removed(true);
  return sealed;
}

}  // namespace

Result<wire::CredentialRecord> Credentials::Add(const Actor& actor, const NewCredential& credential,
                                                std::string_view value) {
  wire::CredentialRecord made;
  const auto decide = [&]() -> Result<Draft> {
    RETURN_IF_ERROR(CheckName(credential.name, "a credential's name"));
    RETURN_IF_ERROR(CheckName(credential.provider, "a provider's name"));
    ASSIGN_OR_RETURN(const std::string header, HeaderOf(credential));
    RETURN_IF_ERROR(CheckValue(value));
    ASSIGN_OR_RETURN(const auto before, Read<wire::CredentialRecord>(registrar_.store(), credential.name));
    if (before && !before->removed()) return Taken("credential", credential.name);
    made.Clear();
    made.set_id(credential.name);
    made.set_provider(credential.provider);
    made.set_header(header);
    // No generation of a name is ever used again, whatever was removed in between.
    made.set_generation(before ? before->generation() + 1 : 1);
    made.set_created(registrar_.now());
    made.set_revision(before ? before->revision() : 0);
    ASSIGN_OR_RETURN(*made.mutable_encrypted(), master_key_.Encrypt(value, PlaceOf(made)));
    Draft draft;
    draft.sentence = "for provider " + credential.provider;
    draft.change.records = {PutOf(made)};
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision,
                   registrar_.Perform(actor, On("credential.add", credential.name), decide));
  made.set_revision(revision);
  return Shown(std::move(made));
}

Result<wire::CredentialRecord> Credentials::Rotate(const Actor& actor, const std::string& name,
                                                   std::string_view value) {
  wire::CredentialRecord rotated;
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(const auto before, ReadLive<wire::CredentialRecord>(registrar_.store(), name));
    if (!before) return NoSuch("credential", name);
    RETURN_IF_ERROR(CheckValue(value));
    rotated = *before;
    rotated.set_generation(before->generation() + 1);
    rotated.set_rotated(registrar_.now());
    ASSIGN_OR_RETURN(*rotated.mutable_encrypted(), master_key_.Encrypt(value, PlaceOf(rotated)));
    Draft draft;
    draft.sentence = "generation " + std::to_string(rotated.generation());
    draft.change.records = {PutOf(rotated)};
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Perform(actor, On("credential.rotate", name), decide));
  rotated.set_revision(revision);
  return Shown(std::move(rotated));
}

Status Credentials::Remove(const Actor& actor, const std::string& name) {
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto credential, ReadLive<wire::CredentialRecord>(registrar_.store(), name));
    if (!credential) return NoSuch("credential", name);
    credential->set_removed(true);
    credential->clear_encrypted();
    Draft draft;
    draft.change.records.push_back(PutOf(*std::move(credential)));
    return draft;
  };
  if (auto done = registrar_.Perform(actor, On("credential.remove", name), decide); !done)
    return done.error();
  return Ok{};
}

Result<wire::CredentialRecord> Credentials::Find(const std::string& name) {
  ASSIGN_OR_RETURN(auto credential, ReadLive<wire::CredentialRecord>(registrar_.store(), name));
  if (!credential) return NoSuch("credential", name);
  return Shown(*std::move(credential));
}

Result<Page<wire::CredentialRecord>> Credentials::List(const PageRequest& request) {
  ASSIGN_OR_RETURN(auto page, ListPage<wire::CredentialRecord>(
                                  registrar_.store(), std::nullopt, request,
                                  [](const wire::CredentialRecord& record) { return !record.removed(); }));
  for (wire::CredentialRecord& record : page.items) record.clear_encrypted();
  return page;
}

Result<wire::SealedCredential> Credentials::Seal(const wire::CredentialRecord& record,
                                                 const wire::AgentRecord& agent, uint64_t incarnation,
                                                 int64_t expires) {
  ASSIGN_OR_RETURN(const crypto::LockedSecret value,
                   master_key_.Decrypt(record.encrypted(), PlaceOf(record)));
  wire::SealedCredential sealed;
  ASSIGN_OR_RETURN(*sealed.mutable_box(),
                   sealing::SealCredential(value.view(), agent.sealing_key(),
                                           {agent.id(), incarnation, record.id(), record.provider(),
                                            record.header(), record.generation(), expires}));
  sealed.set_name(record.id());
  sealed.set_provider(record.provider());
  sealed.set_header(record.header());
  sealed.set_generation(record.generation());
  sealed.set_expires(expires);
  return sealed;
}

Result<std::vector<wire::SealedCredential>> Credentials::SealFor(const std::string& agent_id,
                                                                 uint64_t incarnation,
                                                                 const std::vector<std::string>& names,
                                                                 int64_t expires) {
  std::vector<wire::SealedCredential> all;
  const auto decide = [&]() -> Result<Draft> {
    all.clear();
    ASSIGN_OR_RETURN(auto agent, Read<wire::AgentRecord>(registrar_.store(), agent_id));
    if (!agent) return NoSuch("agent", agent_id);
    if (agent->state() != wire::AGENT_ACTIVE || agent->incarnation() != incarnation)
      return Error{ErrorCode::kDenied, "credentials are sealed to active agents only, for their incarnation"};
    bool news = false;
    for (const std::string& name : names) {
      ASSIGN_OR_RETURN(const auto record, ReadLive<wire::CredentialRecord>(registrar_.store(), name));
      if (!record) {
        all.push_back(Gone(name));
        continue;
      }
      auto sealed = Seal(*record, *agent, incarnation, expires);
      if (!sealed) {  // one that is damaged doesn't keep the others back
        Log(Level::kError, "a credential can't be sealed", {{"name", name}, {"why", sealed.error().message}});
        continue;
      }
      all.push_back(*std::move(sealed));
      news |= NoteHeld(*agent, name, record->generation());
    }
    Draft draft;
    if (news) draft.change.records.push_back(PutOf(*std::move(agent)));
    return draft;
  };
  if (auto noted = registrar_.Note(decide); !noted) return noted.error();
  return all;
}

}  // namespace postern::directory
