#include "collector/directory/agents.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "collector/directory/curve_index.h"
#include "collector/directory/names.h"
#include "collector/directory/records.h"
#include "shared/crypto/random.h"
#include "shared/wire/chain.h"

namespace postern::directory {
namespace {

constexpr size_t kMaxVersion = 64;
constexpr size_t kMaxWhy = 256;
constexpr size_t kMachineSize = 32;

Error Invalid(const char* sentence) { return {ErrorCode::kInvalid, sentence}; }
Error Denied(const char* sentence) { return {ErrorCode::kDenied, sentence}; }

uint64_t RandomIncarnation() {
  uint64_t number = 0;
  while (number == 0) crypto::RandomBytes({reinterpret_cast<uint8_t*>(&number), sizeof number});
  return number;
}

store::Chain EmptyChain(const wire::AgentRecord& agent) {
  store::Chain chain;
  chain.agent = agent.id();
  chain.incarnation = agent.incarnation();
  chain.head = wire::kFirstHead;
  chain.seal_key = agent.seal_key();
  chain.issued = true;
  return chain;
}

// Those credentials that the agent holds in the generation that is in use.
Result<std::vector<std::string>> StillGood(store::Store& store, const wire::AgentRecord& agent) {
  std::vector<std::string> names;
  for (const std::string& mark : agent.credentials()) {
    const size_t at = mark.rfind('#');
    if (at == mark.npos) continue;
    const std::string name = mark.substr(0, at);
    ASSIGN_OR_RETURN(const auto credential, ReadLive<wire::CredentialRecord>(store, name));
    if (credential && mark == name + "#" + std::to_string(credential->generation())) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<wire::AgentRecord> Agents::Find(const std::string& id) {
  ASSIGN_OR_RETURN(auto agent, Read<wire::AgentRecord>(registrar_.store(), id));
  if (!agent) return NoSuch("agent", id);
  return *std::move(agent);
}

Result<wire::AgentRecord> Agents::FindByCurveKey(std::string_view curve_key) {
  ASSIGN_OR_RETURN(const auto index,
                   registrar_.store().Get(store::RecordKind::kSetting, CurveIndex(curve_key)));
  if (!index) return Error{ErrorCode::kNotFound, "no agent has this conversation key"};
  return Find(index->bytes);
}

Result<Page<wire::AgentRecord>> Agents::List(const PageRequest& page) {
  return ListPage<wire::AgentRecord>(registrar_.store(), std::nullopt, page,
                                     [](const wire::AgentRecord&) { return true; });
}

Registrar::Decide Agents::Deciding(const std::string& id, Changed& changed, const Changer& change) {
  return [this, id, &changed, change]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto agent, Read<wire::AgentRecord>(registrar_.store(), id));
    if (!agent) return NoSuch("agent", id);
    const std::string before = agent->SerializeAsString();
    Draft draft;
    RETURN_IF_ERROR(change(*agent, draft));
    changed.record = *agent;
    changed.written = agent->SerializeAsString() != before;
    if (changed.written) draft.change.records.push_back(PutOf(*std::move(agent)));
    return draft;
  };
}

Result<wire::AgentRecord> Agents::Change(const Actor& actor, const char* action, const std::string& id,
                                         const Changer& change) {
  Changed changed;
  ASSIGN_OR_RETURN(const uint64_t revision,
                   registrar_.Perform(actor, {action, "agent", id}, Deciding(id, changed, change)));
  if (changed.written) changed.record.set_revision(revision);
  return changed.record;
}

Result<wire::AgentRecord> Agents::Note(const std::string& id, const Changer& change) {
  Changed changed;
  ASSIGN_OR_RETURN(const uint64_t revision, registrar_.Note(Deciding(id, changed, change)));
  if (changed.written) changed.record.set_revision(revision);
  return changed.record;
}

Result<RevokedAgent> Agents::Revoke(const Actor& actor, const std::string& id) {
  RevokedAgent revoked;
  ASSIGN_OR_RETURN(revoked.record,
                   Change(actor, "agent.revoke", id, [&](wire::AgentRecord& agent, Draft& draft) -> Status {
                     ASSIGN_OR_RETURN(revoked.rotate, StillGood(registrar_.store(), agent));
                     if (agent.state() == wire::AGENT_REVOKED) return Ok{};
                     agent.set_state(wire::AGENT_REVOKED);
                     agent.set_why("it was revoked by " + actor.name);
                     draft.sentence =
                         std::to_string(revoked.rotate.size()) + " credentials are to be rotated";
                     return Ok{};
                   }));
  return revoked;
}

Result<wire::AgentRecord> Agents::Forfeit(const Actor& actor, const std::string& id) {
  return Change(actor, "agent.forfeit", id, [&](wire::AgentRecord& agent, Draft& draft) -> Status {
    ASSIGN_OR_RETURN(const auto chains, registrar_.store().Chains(agent.id()));
    for (const store::Chain& chain : chains) {
      if (chain.closed) continue;
      draft.change.chains.push_back({.chain = chain, .expected = chain.sequence});
      draft.change.chains.back().chain.closed = true;
    }
    draft.sentence = "closed " + std::to_string(draft.change.chains.size()) + " chains";
    agent.set_incarnation(0);
    // That one was revoked is for ever; what it holds is free all the same.
    if (agent.state() == wire::AGENT_REVOKED) return Ok{};
    agent.set_state(wire::AGENT_ACTIVE);
    agent.clear_why();
    return Ok{};
  });
}

Result<wire::AgentRecord> Agents::Quarantine(const std::string& id, const std::string& reason,
                                             const std::string& sentence, uint64_t incarnation) {
  return Note(id, [&](wire::AgentRecord& agent, Draft& draft) -> Status {
    if (agent.state() != wire::AGENT_ACTIVE) return Ok{};
    RETURN_IF_ERROR(CheckText(sentence, "the sentence", kMaxWhy));
    agent.set_state(wire::AGENT_QUARANTINED);
    agent.set_why(sentence);
    wire::Alarm& alarm = *draft.events.emplace_back().mutable_alarm();
    alarm.set_reason(reason);
    alarm.set_agent(agent.id());
    alarm.set_sentence(sentence);
    alarm.set_incarnation(incarnation);
    return Ok{};
  });
}

Result<uint64_t> Agents::IssueIncarnation(const std::string& id, uint64_t expected,
                                          const std::string& machine) {
  if (!machine.empty() && machine.size() != kMachineSize) return Invalid("a machine is named by 32 bytes");
  ASSIGN_OR_RETURN(const wire::AgentRecord issued,
                   Note(id, [&](wire::AgentRecord& agent, Draft& draft) -> Status {
                     if (agent.state() != wire::AGENT_ACTIVE)
                       return Denied("incarnations are issued to active agents only");
                     if (agent.incarnation() != expected)
                       return Denied("the agent has been issued another incarnation in the meantime");
                     agent.set_incarnation(RandomIncarnation());
                     agent.set_incarnations(agent.incarnations() + 1);
                     if (!machine.empty()) agent.set_machine(machine);
                     draft.change.chains.push_back({.chain = EmptyChain(agent), .expected = 0});
                     return Ok{};
                   }));
  return issued.incarnation();
}

Status Agents::NoteVersion(const std::string& id, const std::string& version) {
  RETURN_IF_ERROR(CheckText(version, "an agent's version", kMaxVersion));
  auto noted = Note(id, [&](wire::AgentRecord& agent, Draft&) -> Status {
    agent.set_version(version);
    return Ok{};
  });
  if (!noted) return noted.error();
  return Ok{};
}

Status Agents::NoteContacts(const std::vector<wire::AgentContact>& contacts) {
  const auto decide = [&]() -> Result<Draft> {
    Draft draft;
    for (wire::AgentContact contact : contacts) {
      ASSIGN_OR_RETURN(const auto before, Read<wire::AgentContact>(registrar_.store(), contact.id()));
      contact.set_revision(before ? before->revision() : 0);
      draft.change.records.push_back(PutOf(std::move(contact)));
    }
    return draft;
  };
  if (auto noted = registrar_.Note(decide); !noted) return noted.error();
  return Ok{};
}

Result<std::vector<wire::AgentContact>> Agents::Contacts() {
  std::vector<wire::AgentContact> all;
  PageRequest request{.cursor = std::nullopt, .limit = store::Store::kMaxPage};
  do {
    ASSIGN_OR_RETURN(auto page, ListPage<wire::AgentContact>(registrar_.store(), std::nullopt, request,
                                                             [](const wire::AgentContact&) { return true; }));
    std::move(page.items.begin(), page.items.end(), std::back_inserter(all));
    request.cursor = page.next;
  } while (request.cursor);
  return all;
}

}  // namespace postern::directory
