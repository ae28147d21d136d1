#include "collector/intake/recorder.h"

#include <algorithm>
#include <variant>

#include "shared/base/log.h"
#include "shared/wire/event.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

// What was sent before an agent has read that something is missing is missing as well: one word is enough.
constexpr auto kMissingSilence = 500ms;
constexpr int kSetAsideAtOnce = 16;
constexpr auto kSetAsideInterval = 1min;

size_t CountEvents(const std::vector<Submission>& submissions) {
  size_t count = 0;
  for (const Submission& submission : submissions) {
    for (const wire::Group& group : submission.events.groups())
      count += static_cast<size_t>(group.events_size());
  }
  return count;
}

}  // namespace

Batch Recorder::Verify(std::vector<Submission> submissions) {
  Begin();
  // They are large: moved each time that their list grows, they would be moved more often than anything else.
  batch_.change.events.reserve(CountEvents(submissions));
  for (Submission& submission : submissions) Take(submission);
  return Finish();
}

void Recorder::ForgetLater(const std::string& agent) {
  to_forget_.With([&](auto& agents) { agents.insert(agent); });
}

void Recorder::Begin() {
  // The generation first: what is read from the store after it is not older than it.
  const uint64_t generation = progress_.generation.load(std::memory_order_acquire);
  if (std::exchange(generation_, generation) != generation) chains_.Forget();
  const auto forgotten = to_forget_.With([](auto& agents) { return std::exchange(agents, {}); });
  for (const std::string& agent : forgotten) chains_.Forget(agent);
  chains_.Trim(progress_.committed.load(std::memory_order_acquire));
  batch_ = {};
  batch_.number = ++number_;
  batch_.generation = generation;
  received_at_ = wall_now_();
  lines_.clear();
  told_.clear();
  given_up_.clear();
}

void Recorder::Take(Submission& submission) {
  const auto agent = agents_.Find(submission.agent);
  if (!agent || agent->record.state() == wire::AGENT_REVOKED || given_up_.contains(submission.agent)) {
    Count(presence_.counters.ignored);
    return;
  }
  if (!agent->is_active()) {
    Reject(submission, "quarantined", agent->record.why(), nullptr);
    given_up_.insert(submission.agent);
    return;
  }
  if (!agent->seal_key) {
    Reject(submission, "unverified", "this agent was enrolled without a seal key", nullptr);
    given_up_.insert(submission.agent);
    return;
  }
  for (wire::Group& group : *submission.events.mutable_groups()) {
    if (given_up_.contains(submission.agent)) return;
    TakeGroup(agent, submission, group);
  }
}

void Recorder::TakeGroup(const std::shared_ptr<const Agent>& agent, const Submission& submission,
                         wire::Group& group) {
  Count(presence_.counters.groups);
  const auto found = LineOf(agent, group.incarnation());
  if (!found) return GiveUp(submission, found.error());
  Line& line = **found;
  if (line.cached->stopped_after == submission.greeting) return Count(presence_.counters.ignored);

  auto checked = Check(line, group);
  // A finding may rest on a group before it whose seal isn't good: that is found out first.
  if (checked && std::holds_alternative<Finding>(*checked) && !line.pending.empty()) {
    Settle(line);
    if (given_up_.contains(submission.agent)) return;
    if (line.cached->stopped_after == submission.greeting) return Count(presence_.counters.ignored);
    checked = Check(line, group);
  }
  if (!checked) return GiveUp(submission, checked.error());
  if (const auto* finding = std::get_if<Finding>(&*checked)) return Refuse(line, submission, group, *finding);
  Hold(line, {&submission, &group, std::move(std::get<CheckedGroup>(*checked))});
}

Result<Recorder::Line*> Recorder::LineOf(const std::shared_ptr<const Agent>& agent, uint64_t incarnation) {
  const std::pair<std::string, uint64_t> key(agent->record.id(), incarnation);
  if (const auto found = lines_.find(key); found != lines_.end()) return &found->second;
  ASSIGN_OR_RETURN(CachedChain * cached, chains_.Get(agent->record.id(), incarnation));
  Line line;
  line.agent = agent;
  line.cached = cached;
  line.expected = cached->chain.sequence;
  line.tentative = cached->chain;
  return &lines_.emplace(key, std::move(line)).first->second;
}

Result<std::variant<CheckedGroup, Finding>> Recorder::Check(const Line& line, const wire::Group& group) {
  const auto stored = [&](uint64_t first, size_t limit) -> Result<std::vector<crypto::Digest>> {
    for (const Pending& pending : line.pending) {
      const CheckedGroup& checked = pending.checked;
      if (checked.is_duplicate() || first < checked.first || first > checked.last()) continue;
      return std::vector<crypto::Digest>(
          checked.digests.begin() + static_cast<std::ptrdiff_t>(first - checked.first),
          checked.digests.end());
    }
    if (first <= line.cached->chain.sequence) {
      limit = std::min<uint64_t>(limit, line.cached->chain.sequence - first + 1);
    }
    return chains_.Digests(*line.cached, first, limit);
  };
  return CheckGroup(group, line.tentative, *line.agent->seal_key, stored);
}

// It waits for the seal of whatever comes last.
void Recorder::Hold(Line& line, Pending pending) {
  if (pending.checked.skipped > 0)
    Count(presence_.counters.duplicates, static_cast<uint64_t>(pending.checked.skipped));
  auto& incarnations = TellTo(*pending.submission).incarnations;
  std::erase(incarnations, pending.group->incarnation());
  incarnations.push_back(pending.group->incarnation());
  if (pending.checked.is_duplicate()) return;
  if (line.pending.empty()) line.pending.reserve(wire::kMaxGroups);
  line.tentative.sequence = pending.checked.last();
  line.tentative.head = pending.checked.head;
  if (pending.checked.hole) line.tentative.holes.push_back(*pending.checked.hole);
  line.pending.push_back(std::move(pending));
}

void Recorder::Settle(Line& line) {
  std::vector<Pending> pending = std::exchange(line.pending, {});
  std::vector<const CheckedGroup*> groups;
  groups.reserve(pending.size());
  for (const Pending& one : pending) groups.push_back(&one.checked);
  const size_t good = GoodPrefix(groups, *line.agent->seal_key);
  for (size_t i = 0; i < good; ++i) {
    if (const Status accepted = Accept(line, pending[i]); !accepted) {
      GiveUp(*pending[i].submission, accepted.error());
      break;
    }
  }
  line.tentative = line.cached->chain;
  if (good == pending.size()) return;
  const Pending& bad = pending[good];
  Refuse(
      line, *bad.submission, *bad.group,
      {Problem::kUnverified, "seal",
       "the seal over event " + std::to_string(bad.checked.last()) + " is not of the key that was enrolled"});
}

// Everything that can fail comes before anything is changed.
Status Recorder::Accept(Line& line, Pending& pending) {
  RETURN_IF_ERROR(LearnIntents(line, pending.checked));
  store::Chain& chain = line.cached->chain;
  CheckedGroup& checked = pending.checked;
  if (checked.hole) NoteHole(line, *checked.hole);
  for (size_t i = 0; i < checked.events.size(); ++i)
    Record(line, pending, i, batch_.change.events.emplace_back());
  chain.sequence = checked.last();
  chain.head = checked.head;
  chain.seal = pending.group->seal();
  chain.seal_key = line.agent->seal_key->raw();
  line.cached->under_way.push_back({batch_.number, checked.first, std::move(checked.digests)});
  return Ok{};
}

// Facts that a restart has forgotten are read from the log.
Status Recorder::LearnIntents(Line& line, const CheckedGroup& checked) {
  OpenExchanges& open = line.cached->open;
  for (const Glance& event : checked.events) {
    if (event.body != wire::Event::kOutcome) continue;
    const auto exchange = wire::ParseExchange(event.exchange);
    const OpenExchanges::Intent* intent = exchange ? open.Find(*exchange) : nullptr;
    if (intent == nullptr || intent->facts) continue;
    ASSIGN_OR_RETURN(auto facts, ReadIntent(line, intent->sequence));
    open.Learn(*exchange, std::move(facts));
  }
  return Ok{};
}

Result<ExchangeFacts> Recorder::ReadIntent(const Line& line, uint64_t sequence) {
  const store::Chain& chain = line.cached->chain;
  const auto leaf = store_.Locate(chain.agent, chain.incarnation, sequence);
  if (!leaf && leaf.error().code == ErrorCode::kNotFound) return ExchangeFacts{};
  if (!leaf) return leaf.error();
  ASSIGN_OR_RETURN(const auto events, store_.Events({*leaf}));
  if (events.empty()) return ExchangeFacts{};
  const store::EventFacts& facts = events.front().facts;
  return ExchangeFacts{.organisation = facts.organisation,
                       .team = facts.team,
                       .user = facts.user,
                       .key = facts.key,
                       .model = facts.model,
                       .session = facts.session};
}

void Recorder::Record(Line& line, const Pending& pending, size_t index, store::NewEvent& record) {
  const Glance& event = pending.checked.events[index];
  const std::string& host = line.agent->record.host();
  const uint64_t sequence = pending.checked.first + index;
  record.entry = {.agent = line.cached->chain.agent,
                  .incarnation = line.cached->chain.incarnation,
                  .sequence = sequence,
                  .received_at = received_at_,
                  .event = pending.checked.digests[index]};
  if (event.body == wire::Event::kOutcome) {
    const auto exchange = wire::ParseExchange(event.exchange);
    auto intent = exchange ? line.cached->open.Close(*exchange) : std::nullopt;
    record.facts =
        FactsOfOutcome(event, host, intent && intent->facts ? *std::move(intent->facts) : ExchangeFacts{});
    record.spending = SpendingOf(event);
    if (!event.charges.empty()) {
      batch_.settlements.push_back({.holder = {line.cached->chain.agent, line.cached->chain.incarnation},
                                    .charges = ChargesOf(event)});
    }
  } else {
    record.facts = FactsOf(event, host);
  }
  if (event.body == wire::Event::kIntent) {
    const auto exchange = wire::ParseExchange(event.exchange);
    if (exchange) line.cached->open.Open(*exchange, sequence, ExchangeFactsOf(event));
  }
  // Last: what was read of the event are views into its bytes.
  record.bytes = std::move(*pending.group->mutable_events(pending.checked.skipped + static_cast<int>(index)));
}

void Recorder::NoteHole(Line& line, const store::Hole& hole) {
  store::Chain& chain = line.cached->chain;
  chain.holes.push_back(hole);
  Count(presence_.counters.holes);
  batch_.alarms.push_back({"hole", chain.agent,
                           "events " + std::to_string(hole.first) + " to " + std::to_string(hole.last) +
                               " of a chain are neither here nor at their host",
                           chain.incarnation});
}

void Recorder::Refuse(Line& line, const Submission& submission, const wire::Group& group,
                      const Finding& finding) {
  Counters& counters = presence_.counters;
  CachedChain& cached = *line.cached;
  switch (finding.problem) {
    case Problem::kMissing: {
      Count(counters.missing);
      const BootTime now = BootClock::now();
      if (now - cached.missing_told < kMissingSilence) return;
      cached.missing_told = now;
      return Reject(submission, "missing", finding.sentence, &group);
    }
    case Problem::kClosed:
      Count(counters.closed);
      cached.stopped_after = submission.greeting;
      return Reject(submission, "closed", finding.sentence, &group);
    case Problem::kFork:
      Count(counters.forks);
      given_up_.insert(submission.agent);
      SetAside(line, group, finding);
      batch_.forks.push_back({"fork", submission.agent, finding.sentence, group.incarnation()});
      return Reject(submission, "fork", finding.sentence, &group);
    case Problem::kUnverified:
      Count(counters.unverified);
      cached.stopped_after = submission.greeting;
      SetAside(line, group, finding);
      batch_.alarms.push_back({"unverified", submission.agent, finding.sentence, group.incarnation()});
      return Reject(submission, "unverified", finding.sentence, &group);
  }
}

void Recorder::SetAside(const Line& line, const wire::Group& group, const Finding& finding) {
  const std::string& agent = line.agent->record.id();
  const auto allowance = set_aside_.try_emplace(agent, kSetAsideAtOnce, kSetAsideInterval).first;
  if (!allowance->second.Take(BootClock::now())) return;
  Count(presence_.counters.set_aside);
  batch_.change.set_aside.push_back({.agent = agent,
                                     .incarnation = group.incarnation(),
                                     .first_sequence = group.first_sequence(),
                                     .received_at = received_at_,
                                     .reason = finding.reason,
                                     .bytes = group.SerializeAsString()});
}

// The store can't say what it must say: this agent's events are not taken now, the others' are.
void Recorder::GiveUp(const Submission& submission, const Error& error) {
  LOG_LIMITED(1s, Level::kError, "an agent's chain can't be read",
              {{"agent", submission.agent}, {"error", error.message}});
  given_up_.insert(submission.agent);
  Reject(submission, "busy", "the collector's store fails", nullptr);
}

Batch Recorder::Finish() {
  for (auto& [key, line] : lines_) {
    if (!line.pending.empty()) Settle(line);
    const store::Chain& chain = line.cached->chain;
    if (chain.sequence == line.expected) continue;
    batch_.change.chains.push_back({.chain = chain, .expected = line.expected});
    batch_.change.chains.back().chain.open_state = line.cached->open.Write();
  }
  for (auto& [peer, told] : told_) {
    for (const uint64_t incarnation : told.incarnations) {
      const auto line = lines_.find({told.reply.agent, incarnation});
      if (line == lines_.end() || line->second.cached->chain.sequence == 0) continue;
      told.reply.marks.push_back(line->second.cached->place());
    }
    batch_.replies.push_back(std::move(told.reply));
  }
  return std::move(batch_);
}

Recorder::Told& Recorder::TellTo(const Submission& submission) {
  Told& told = told_[submission.peer];
  told.reply.peer = submission.peer;
  told.reply.agent = submission.agent;
  return told;
}

void Recorder::Reject(const Submission& submission, const std::string& reason, const std::string& sentence,
                      const wire::Group* group) {
  wire::Rejected rejected;
  rejected.set_reason(reason);
  rejected.set_sentence(sentence);
  if (group != nullptr) {
    rejected.set_incarnation(group->incarnation());
    rejected.set_first_sequence(group->first_sequence());
  }
  TellTo(submission).reply.rejections.push_back(std::move(rejected));
}

}  // namespace postern::intake
