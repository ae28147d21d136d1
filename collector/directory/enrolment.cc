#include "collector/directory/agents.h"
#include "collector/directory/curve_index.h"
#include "collector/directory/names.h"
#include "collector/directory/records.h"
#include "shared/crypto/random.h"
#include "shared/crypto/wiped.h"
#include "shared/crypto/x25519.h"
#include "shared/tokens/token.h"

namespace postern::directory {
namespace {

constexpr int64_t kLongestToken = int64_t{30} * 24 * 3600;
constexpr size_t kMaxVersion = 64;
constexpr size_t kMachineSize = 32;

Error Invalid(const char* sentence) { return {ErrorCode::kInvalid, sentence}; }
Error Denied(const char* sentence) { return {ErrorCode::kDenied, sentence}; }

store::Change::Put CurvePut(const wire::AgentRecord& agent) {
  store::Change::Put put;
  put.record.kind = store::RecordKind::kSetting;
  put.record.id = CurveIndex(agent.curve_key());
  put.record.bytes = agent.id();
  return put;
}

bool IsKey(const std::string& bytes) { return bytes.size() == 32 && bytes != std::string(32, '\0'); }

Status CheckAgent(const NewAgent& agent) {
  RETURN_IF_ERROR(CheckHost(agent.host));
  RETURN_IF_ERROR(CheckText(agent.version, "an agent's version", kMaxVersion));
  if (agent.machine.size() != kMachineSize) return Invalid("a machine is named by 32 bytes");
  if (!IsKey(agent.curve_key) || !IsKey(agent.seal_key) || !IsKey(agent.sealing_key))
    return Invalid("an agent's keys have 32 bytes each");
  if (!crypto::AgreementKey::Generate().Agree(agent.sealing_key))
    return Invalid("nothing can be sealed to the agent's key");
  return Ok{};
}

// The token's record, where the text is that token and it may still be used.
Result<wire::EnrolmentTokenRecord> GoodToken(store::Store& store, std::string_view text, int64_t now) {
  const tokens::Token token = tokens::Parse(tokens::Kind::kEnrolment, text);
  if (token.form == tokens::Form::kForeign) return Invalid("this is no enrolment token");
  if (token.form != tokens::Form::kOurs) return Invalid("the enrolment token was mistyped or cut");
  ASSIGN_OR_RETURN(const auto record, Read<wire::EnrolmentTokenRecord>(store, std::string(token.id)));
  const crypto::Digest digest = tokens::HashSecret(token.secret);
  if (!record || !crypto::ConstantTimeEqual(record->secret_sha256(), crypto::AsBytes(digest)))
    return Denied("the enrolment token is unknown to this collector");
  if (!record->spent_by().empty())
    return Denied("the enrolment token has been used already: each is for one host, once");
  if (record->removed()) return Denied("the enrolment token was withdrawn");
  if (record->expires() <= now) return Denied("the enrolment token has expired");
  return *record;
}

wire::AgentRecord RecordOf(const NewAgent& agent, const std::string& made_by, int64_t now) {
  wire::AgentRecord record;
  record.set_id(tokens::MakeId(crypto::RandomBytes));
  record.set_host(agent.host);
  record.set_machine(agent.machine);
  record.set_curve_key(agent.curve_key);
  record.set_seal_key(agent.seal_key);
  record.set_sealing_key(agent.sealing_key);
  record.set_version(agent.version);
  record.set_enrolled(now);
  record.set_enrolled_by(made_by);
  return record;
}

wire::Event EnrolmentOf(const wire::AgentRecord& agent, const std::string& token, const std::string& source) {
  wire::Event event;
  wire::Enrolment& enrolment = *event.mutable_enrolment();
  enrolment.set_agent(agent.id());
  enrolment.set_host(agent.host());
  enrolment.set_machine(agent.machine());
  enrolment.set_curve_key(agent.curve_key());
  enrolment.set_seal_key(agent.seal_key());
  enrolment.set_sealing_key(agent.sealing_key());
  enrolment.set_version(agent.version());
  enrolment.set_token(token);
  enrolment.set_enrolled_by(agent.enrolled_by());
  enrolment.set_source(source);
  return event;
}

std::string NameOf(const Actor& actor) {
  return actor.administrator.empty() ? actor.name : actor.administrator;
}

}  // namespace

Result<IssuedEnrolmentToken> Agents::CreateToken(const Actor& actor, int64_t expires) {
  IssuedEnrolmentToken issued;
  const auto decide = [&]() -> Result<Draft> {
    const int64_t now = registrar_.now();
    if (expires <= now || expires > now + kLongestToken)
      return Invalid("an enrolment token expires within the next 30 days");
    std::string secret = tokens::MakeSecret(crypto::RandomBytes);
    const crypto::WipeAtEnd wipe(secret);
    issued.record.Clear();
    issued.record.set_id(tokens::MakeId(crypto::RandomBytes));
    issued.record.set_secret_sha256(std::string(crypto::AsBytes(tokens::HashSecret(secret))));
    issued.record.set_made_by(NameOf(actor));
    issued.record.set_created(now);
    issued.record.set_expires(expires);
    issued.text = tokens::Format(tokens::Kind::kEnrolment, issued.record.id(), secret);
    Draft draft;
    draft.target = issued.record.id();
    draft.change.records = {PutOf(issued.record)};
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision,
                   registrar_.Perform(actor, {"enrolment_token.create", "enrolment_token", ""}, decide));
  issued.record.set_revision(revision);
  return issued;
}

Status Agents::RemoveToken(const Actor& actor, const std::string& id) {
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto token, ReadLive<wire::EnrolmentTokenRecord>(registrar_.store(), id));
    if (!token) return NoSuch("enrolment token", id);
    token->set_removed(true);
    Draft draft;
    draft.change.records.push_back(PutOf(*std::move(token)));
    return draft;
  };
  const Act act{"enrolment_token.remove", "enrolment_token", id};
  if (auto done = registrar_.Perform(actor, act, decide); !done) return done.error();
  return Ok{};
}

Result<Page<wire::EnrolmentTokenRecord>> Agents::ListTokens(const PageRequest& page) {
  return ListPage<wire::EnrolmentTokenRecord>(
      registrar_.store(), std::nullopt, page,
      [](const wire::EnrolmentTokenRecord& token) { return !token.removed(); });
}

Result<wire::AgentRecord> Agents::Enrol(std::string_view token, const NewAgent& agent,
                                        const std::string& source) {
  store::Store& store = registrar_.store();
  wire::AgentRecord made;
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(auto spent, GoodToken(store, token, registrar_.now()));
    RETURN_IF_ERROR(CheckAgent(agent));
    ASSIGN_OR_RETURN(const auto index, store.Get(store::RecordKind::kSetting, CurveIndex(agent.curve_key)));
    if (index) return Invalid("another agent has this conversation key already");
    made = RecordOf(agent, spent.made_by(), registrar_.now());
    spent.set_spent_by(made.id());
    Draft draft;
    draft.events.push_back(EnrolmentOf(made, spent.id(), source));
    draft.change.records = {PutOf(made), CurvePut(made), PutOf(std::move(spent))};
    return draft;
  };
  const auto revision = registrar_.Note(decide);
  if (!revision) {
    const tokens::Token parsed = tokens::Parse(tokens::Kind::kEnrolment, token);
    const Actor actor{
        .administrator = {}, .name = agent.host, .role = {}, .source = source, .request_path = {}};
    const Act act{"agent.enrol", "enrolment_token", std::string(parsed.id)};
    RETURN_IF_ERROR(registrar_.RecordRefusal(actor, act, revision.error()));
    return revision.error();
  }
  made.set_revision(*revision);
  return made;
}

}  // namespace postern::directory
