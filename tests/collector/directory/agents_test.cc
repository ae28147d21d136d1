#include "collector/directory/agents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/wire/chain.h"
#include "tests/collector/directory/house.h"

namespace postern::directory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class AgentsTest : public testing::Test {
 protected:
  Agents& agents() { return house_.directory->agents(); }
  std::string Token() { return agents().CreateToken(house_.actor, kNow + 3600)->text; }
  std::string WhyNot(const std::string& token, char letter = 'a') {
    return Why(agents().Enrol(token, House::AgentOf(letter), "192.0.2.1"));
  }
  // Intake, storing an event of the agent's chain.
  void Advance(const std::string& agent, uint64_t incarnation, store::Store& into) {
    store::Chain chain = **into.FindChain(agent, incarnation);
    store::Change change;
    store::NewEvent event;
    event.bytes = "an event";
    event.entry = {agent, incarnation, chain.sequence + 1, WallTime{}, crypto::Sha256(event.bytes)};
    change.events.push_back(event);
    change.chains.push_back({.chain = chain, .expected = chain.sequence});
    ++change.chains.back().chain.sequence;
    ASSERT_TRUE(into.Commit(change));
  }

  House house_;
};

TEST_F(AgentsTest, AHostJoinsOnceWithAToken) {
  const auto token = agents().CreateToken(house_.actor, kNow + 3600);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->record.made_by(), house_.actor.administrator);
  const NewAgent wanted = House::AgentOf('a');
  const auto agent = agents().Enrol(token->text, wanted, "192.0.2.1");
  ASSERT_TRUE(agent) << agent.error().message;
  EXPECT_TRUE(tokens::IsId(agent->id()));
  EXPECT_EQ(agent->host(), "host-a");
  EXPECT_EQ(agent->machine(), wanted.machine);
  EXPECT_EQ(agent->curve_key(), wanted.curve_key);
  EXPECT_EQ(agent->seal_key(), wanted.seal_key);
  EXPECT_EQ(agent->sealing_key(), wanted.sealing_key);
  EXPECT_EQ(agent->state(), wire::AGENT_ACTIVE);
  EXPECT_EQ(agent->incarnation(), 0u);
  EXPECT_EQ(agent->enrolled(), kNow);
  EXPECT_EQ(agent->enrolled_by(), house_.actor.administrator);
  EXPECT_EQ(agents().Find(agent->id())->SerializeAsString(), agent->SerializeAsString());
  EXPECT_EQ(agents().FindByCurveKey(wanted.curve_key)->id(), agent->id());
  EXPECT_EQ(agents().ListTokens({})->items.at(0).spent_by(), agent->id());

  const wire::Event event = house_.Events().back();
  EXPECT_EQ(event.enrolment().agent(), agent->id());
  EXPECT_EQ(event.enrolment().seal_key(), wanted.seal_key);
  EXPECT_EQ(event.enrolment().curve_key(), wanted.curve_key);
  EXPECT_EQ(event.enrolment().sealing_key(), wanted.sealing_key);
  EXPECT_EQ(event.enrolment().token(), token->record.id());
  EXPECT_EQ(event.enrolment().source(), "192.0.2.1");
}

TEST_F(AgentsTest, EveryUselessTokenHasASentenceOfItsOwn) {
  const std::string spent = Token(), withdrawn = Token(), expired = Token();
  ASSERT_TRUE(agents().Enrol(spent, House::AgentOf('a'), ""));
  const std::string id(tokens::Parse(tokens::Kind::kEnrolment, withdrawn).id);
  ASSERT_TRUE(agents().RemoveToken(house_.actor, id));
  std::string wrong_secret(tokens::Parse(tokens::Kind::kEnrolment, expired).secret);
  std::swap(wrong_secret[0], wrong_secret[1] == wrong_secret[0] ? wrong_secret[2] : wrong_secret[1]);
  const std::string wrong = tokens::Format(tokens::Kind::kEnrolment,
                                           tokens::Parse(tokens::Kind::kEnrolment, expired).id, wrong_secret);
  std::string mistyped = Token();
  mistyped.back() = mistyped.back() == 'x' ? 'y' : 'x';

  const size_t before = house_.Acts().size();
  EXPECT_EQ(WhyNot(spent, 'b'),
            "denied: the enrolment token has been used already: each is for one host, once");
  EXPECT_EQ(WhyNot(withdrawn, 'b'), "denied: the enrolment token was withdrawn");
  EXPECT_EQ(WhyNot(tokens::Make(tokens::Kind::kEnrolment, crypto::RandomBytes), 'b'),
            "denied: the enrolment token is unknown to this collector");
  EXPECT_EQ(WhyNot(wrong, 'b'), "denied: the enrolment token is unknown to this collector");
  EXPECT_EQ(WhyNot(mistyped, 'b'), "invalid: the enrolment token was mistyped or cut");
  EXPECT_EQ(WhyNot("pse_short", 'b'), "invalid: the enrolment token was mistyped or cut");
  EXPECT_EQ(WhyNot(tokens::Make(tokens::Kind::kVirtualKey, crypto::RandomBytes), 'b'),
            "invalid: this is no enrolment token");
  house_.now = kNow + 3600;
  EXPECT_EQ(WhyNot(expired, 'b'), "denied: the enrolment token has expired");

  // Each is recorded, with where it came from.
  EXPECT_EQ(house_.Acts().size(), before + 8);
  const wire::Administration last = house_.Events().back().administration();
  EXPECT_EQ(last.action(), "agent.enrol");
  EXPECT_EQ(last.outcome(), "refused");
  EXPECT_EQ(last.source(), "192.0.2.1");
  EXPECT_EQ(last.name(), "host-b");
  EXPECT_EQ(last.target(), tokens::Parse(tokens::Kind::kEnrolment, expired).id);
  EXPECT_EQ(agents().List({})->items.size(), 1u);
}

TEST_F(AgentsTest, ARefusedHostDoesNotSpendTheToken) {
  const std::string token = Token();
  struct Case {
    std::function<void(NewAgent&)> change;
    const char* sentence;
  };
  const Case cases[] = {
      {[](NewAgent& a) { a.host = ""; }, "invalid: a host's name has"},
      {[](NewAgent& a) { a.host = "a b"; }, "invalid: a host's name has"},
      {[](NewAgent& a) { a.machine = "short"; }, "invalid: a machine is named by 32 bytes"},
      {[](NewAgent& a) { a.curve_key = "short"; }, "invalid: an agent's keys have 32 bytes each"},
      {[](NewAgent& a) { a.seal_key.clear(); }, "invalid: an agent's keys have 32 bytes each"},
      {[](NewAgent& a) { a.sealing_key = std::string(32, '\0'); }, "invalid: an agent's keys"},
      {[](NewAgent& a) { a.sealing_key = "\1" + std::string(31, '\0'); }, "invalid: nothing can be sealed"},
      {[](NewAgent& a) { a.version = std::string(65, '1'); }, "invalid: an agent's version"},
  };
  for (const Case& each : cases) {
    NewAgent agent = House::AgentOf('a');
    each.change(agent);
    EXPECT_THAT(Why(agents().Enrol(token, agent, "")), StartsWith(each.sentence));
  }
  EXPECT_TRUE(agents().Enrol(token, House::AgentOf('a'), ""));
}

TEST_F(AgentsTest, NoTwoAgentsHaveTheSameConversationKey) {
  house_.Agent('a');
  EXPECT_EQ(WhyNot(Token(), 'a'), "invalid: another agent has this conversation key already");
  EXPECT_EQ(WhyNot(Token(), 'b'), "no error");
  EXPECT_THAT(Why(agents().FindByCurveKey(std::string(32, 'z'))), StartsWith("not_found"));
}

TEST_F(AgentsTest, TwoHostsWithOneTokenAtTheSameMomentAreOneHost) {
  const std::string token = Token();
  Result<wire::AgentRecord> other = Error{ErrorCode::kUnavailable, ""};
  const auto chronicle =
      chronicle::Chronicle::Open(house_.store, house_.log_key, {.program = "run", .version = {}, .host = {}});
  Directory second(house_.store, **chronicle, house_.master_key,
                   {"example", [] { return WallTime(std::chrono::seconds(kNow)); }});
  house_.store.before_commit = [&] { other = second.agents().Enrol(token, House::AgentOf('b'), ""); };
  EXPECT_THAT(WhyNot(token, 'a'), StartsWith("denied: the enrolment token has been used already"));
  EXPECT_TRUE(other);
  EXPECT_EQ(agents().List({})->items.size(), 1u);
  house_.ExpectSound();
}

TEST_F(AgentsTest, TokensExpireWithinAMonth) {
  for (const int64_t expires : {int64_t{0}, kNow, kNow + 30 * 24 * 3600 + 1})
    EXPECT_THAT(Why(agents().CreateToken(house_.actor, expires)),
                StartsWith("invalid: an enrolment token expires"));
  EXPECT_TRUE(agents().CreateToken(house_.actor, kNow + 30 * 24 * 3600));
}

TEST_F(AgentsTest, ATokensSecretIsStoredNowhere) {
  const std::string token = Token();
  const std::string secret(tokens::Parse(tokens::Kind::kEnrolment, token).secret);
  ASSERT_TRUE(agents().Enrol(token, House::AgentOf('a'), ""));
  EXPECT_THAT(house_.Bytes(), Not(HasSubstr(secret)));
}

TEST_F(AgentsTest, RevokingNamesTheCredentialsThatAreStillGood) {
  const std::string id = house_.Agent('a').id();
  const uint64_t incarnation = *agents().IssueIncarnation(id, 0, "");
  for (const std::string name : {"main", "rotated", "removed", "resealed", "unsealed"})
    house_.Credential(name);
  Credentials& credentials = house_.directory->credentials();
  ASSERT_TRUE(credentials.SealFor(id, incarnation, {"main", "rotated", "removed", "resealed"}, kNow + 60));
  ASSERT_TRUE(credentials.Rotate(house_.actor, "rotated", "other"));
  ASSERT_TRUE(credentials.Rotate(house_.actor, "resealed", "other"));
  ASSERT_TRUE(credentials.Remove(house_.actor, "removed"));
  ASSERT_TRUE(credentials.SealFor(id, incarnation, {"resealed"}, kNow + 60));
  const auto revoked = agents().Revoke(house_.actor, id);
  ASSERT_TRUE(revoked);
  EXPECT_THAT(revoked->rotate, ElementsAre("main", "resealed"));
  EXPECT_EQ(revoked->record.state(), wire::AGENT_REVOKED);
  EXPECT_EQ(revoked->record.why(), "it was revoked by root");
  EXPECT_EQ(house_.LastAct(), "agent.revoke done " + id + " 2 credentials are to be rotated");
  // Again, after one of them was: the list is what is left to do.
  ASSERT_TRUE(credentials.Rotate(house_.actor, "main", "other"));
  EXPECT_THAT(agents().Revoke(house_.actor, id)->rotate, ElementsAre("resealed"));
  EXPECT_EQ(agents().IssueIncarnation(id, incarnation, "").error().code, ErrorCode::kDenied);
  // Its chains are closed, for what it held; it stays revoked.
  const auto forfeited = agents().Forfeit(house_.actor, id);
  ASSERT_TRUE(forfeited) << forfeited.error().message;
  EXPECT_EQ(forfeited->state(), wire::AGENT_REVOKED);
  EXPECT_EQ(forfeited->why(), "it was revoked by root");
  EXPECT_EQ(agents().IssueIncarnation(id, 0, "").error().code, ErrorCode::kDenied);
  EXPECT_EQ(agents().FindByCurveKey(std::string(32, 'a'))->state(), wire::AGENT_REVOKED);
}

TEST_F(AgentsTest, AnIncarnationIsIssuedWithItsChain) {
  const std::string id = house_.Agent('a').id();
  const auto first = agents().IssueIncarnation(id, 0, std::string(32, 'n'));
  ASSERT_TRUE(first);
  EXPECT_NE(*first, 0u);
  const auto chain = house_.store.FindChain(id, *first);
  ASSERT_TRUE(chain && *chain);
  EXPECT_TRUE((*chain)->issued);
  EXPECT_EQ((*chain)->sequence, 0u);
  EXPECT_EQ((*chain)->seal_key, std::string(32, 's'));
  EXPECT_EQ(agents().Find(id)->incarnation(), *first);
  EXPECT_EQ(agents().Find(id)->incarnations(), 1u);
  EXPECT_EQ(agents().Find(id)->machine(), std::string(32, 'n'));
  EXPECT_THAT(Why(agents().IssueIncarnation(id, 0, "")),
              StartsWith("denied: the agent has been issued another"));
  const auto second = agents().IssueIncarnation(id, *first, "");
  ASSERT_TRUE(second);
  EXPECT_NE(*second, *first);
  EXPECT_EQ(agents().Find(id)->machine(), std::string(32, 'n'));
  EXPECT_EQ(house_.store.Chains(id)->size(), 2u);
  EXPECT_EQ(agents().IssueIncarnation(id, *second, "short").error().code, ErrorCode::kInvalid);
  house_.ExpectSound();
}

TEST_F(AgentsTest, AQuarantinedAgentIsAlarmedAboutOnceAndForfeited) {
  const std::string id = house_.Agent('a').id();
  const uint64_t incarnation = *agents().IssueIncarnation(id, 0, "");
  ASSERT_TRUE(agents().Quarantine(id, "fork", "its state was cloned", incarnation));
  const auto agent = agents().Find(id);
  EXPECT_EQ(agent->state(), wire::AGENT_QUARANTINED);
  EXPECT_EQ(agent->why(), "its state was cloned");
  const wire::Alarm alarm = house_.Events().back().alarm();
  EXPECT_EQ(alarm.reason(), "fork");
  EXPECT_EQ(alarm.agent(), id);
  EXPECT_EQ(alarm.incarnation(), incarnation);
  const uint64_t size = house_.store.stats().log_size;
  ASSERT_TRUE(agents().Quarantine(id, "fork", "again", incarnation));
  EXPECT_EQ(house_.store.stats().log_size, size);
  EXPECT_EQ(agents().IssueIncarnation(id, incarnation, "").error().code, ErrorCode::kDenied);

  const auto forfeited = agents().Forfeit(house_.actor, id);
  ASSERT_TRUE(forfeited) << forfeited.error().message;
  EXPECT_EQ(forfeited->state(), wire::AGENT_ACTIVE);
  EXPECT_EQ(forfeited->why(), "");
  EXPECT_EQ(forfeited->incarnation(), 0u);
  EXPECT_TRUE((*house_.store.FindChain(id, incarnation))->closed);
  EXPECT_EQ(house_.LastAct(), "agent.forfeit done " + id + " closed 1 chains");
  EXPECT_TRUE(agents().IssueIncarnation(id, 0, ""));
}

// Events that come in at the very moment are in the chain that is closed, or are not taken.
TEST_F(AgentsTest, ForfeitingClosesAChainThatGoesOnMeanwhile) {
  const std::string id = house_.Agent('a').id();
  const uint64_t incarnation = *agents().IssueIncarnation(id, 0, "");
  house_.store.before_commit = [&] { Advance(id, incarnation, house_.store.real()); };
  ASSERT_TRUE(agents().Forfeit(house_.actor, id));
  const store::Chain chain = **house_.store.FindChain(id, incarnation);
  EXPECT_EQ(chain.sequence, 1u);
  EXPECT_TRUE(chain.closed);
}

TEST_F(AgentsTest, AVersionIsWrittenWhereItIsAnother) {
  const std::string id = house_.Agent('a').id();
  const uint64_t commits = house_.store.commits();
  ASSERT_TRUE(agents().NoteVersion(id, "1.0"));
  EXPECT_EQ(house_.store.commits(), commits);
  ASSERT_TRUE(agents().NoteVersion(id, "1.1"));
  EXPECT_EQ(agents().Find(id)->version(), "1.1");
  EXPECT_EQ(agents().NoteVersion("nobody000000", "1").error().code, ErrorCode::kNotFound);
}

TEST_F(AgentsTest, WithdrawnTokensAreNotListed) {
  const std::string id(agents().CreateToken(house_.actor, kNow + 60)->record.id());
  EXPECT_EQ(agents().ListTokens({})->items.size(), 1u);
  ASSERT_TRUE(agents().RemoveToken(house_.actor, id));
  EXPECT_THAT(agents().ListTokens({})->items, IsEmpty());
  EXPECT_THAT(Why(agents().RemoveToken(house_.actor, id)), StartsWith("not_found"));
}

}  // namespace
}  // namespace postern::directory
