#include "collector/intake/acknowledgements.h"

#include <algorithm>

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

// The conversation thread answers within a turn of its loop; a store that doesn't commit can hold it longer.
constexpr auto kAnswerWithin = 10s;

bool IsOneOf(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

// A thousand hosts say Seen of one change: none of them costs a look at the others.
void Acknowledgements::Standing::Set(Holding& host, Holding holding) {
  if (host == Holding::kNotSeen) --waited_for;
  if (holding == Holding::kNotSeen) ++waited_for;
  host = holding;
}

Result<Reach> Acknowledgements::Await(const Concern& concern, uint64_t revision,
                                      std::chrono::nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  if (closed_) return Error{ErrorCode::kUnavailable, "the collector is stopping"};
  if (questions_.size() >= kMostWaiting)
    return Error{ErrorCode::kExhausted, "too many wait for acknowledgements already"};
  const uint64_t number = ++last_number_;
  const auto place = questions_.try_emplace(number).first;
  place->second.question = {number, concern, revision};
  open_.fetch_add(1, std::memory_order_acq_rel);
  if (on_question_) on_question_();
  const auto begin = std::chrono::steady_clock::now();
  changed_.wait_until(lock, begin + std::max<std::chrono::nanoseconds>(timeout, kAnswerWithin),
                      [&] { return closed_ || place->second.answered; });
  changed_.wait_until(lock, begin + timeout, [&] { return closed_ || place->second.settled(); });
  const Standing standing = std::move(place->second);
  questions_.erase(place);
  open_.fetch_sub(1, std::memory_order_acq_rel);
  lock.unlock();
  if (!standing.answered)
    return Error{ErrorCode::kUnavailable, "it can't be said now which hosts have heard of it"};
  return Describe(standing);
}

void Acknowledgements::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

std::vector<Acknowledgements::Question> Acknowledgements::TakeNew() {
  const std::lock_guard lock(mutex_);
  std::vector<Question> taken;
  for (auto& [number, standing] : questions_) {
    if (std::exchange(standing.is_new, false)) taken.push_back(standing.question);
  }
  return taken;
}

std::vector<Acknowledgements::Question> Acknowledgements::Open() const {
  const std::lock_guard lock(mutex_);
  std::vector<Question> open;
  for (const auto& [number, standing] : questions_) open.push_back(standing.question);
  return open;
}

// A host that held it and doesn't any more has heard of it: of a user that is disabled nothing is left to
// hold.
void Acknowledgements::Note(uint64_t question, const std::string& agent, Holding holding) {
  const std::lock_guard lock(mutex_);
  const auto found = questions_.find(question);
  if (found == questions_.end()) return;
  Standing& standing = found->second;
  const auto [host, is_new] = standing.hosts.try_emplace(agent, Holding::kNot);
  if (is_new) standing.Set(host->second, holding);
  else if (holding != Holding::kNot) standing.Set(host->second, holding);
  else if (host->second == Holding::kNotSeen) standing.Set(host->second, Holding::kSeen);
  if (standing.settled()) changed_.notify_all();
}

void Acknowledgements::Answered(uint64_t question) {
  const std::lock_guard lock(mutex_);
  const auto found = questions_.find(question);
  if (found == questions_.end()) return;
  found->second.answered = true;
  changed_.notify_all();
}

void Acknowledgements::Leave(const std::string& agent) {
  const std::lock_guard lock(mutex_);
  for (auto& [number, standing] : questions_) {
    const auto host = standing.hosts.find(agent);
    // What it has acknowledged, it goes by, though it has gone.
    if (host == standing.hosts.end() || host->second == Holding::kSeen) continue;
    standing.Set(host->second, Holding::kNot);
    standing.hosts.erase(host);
    if (standing.settled()) changed_.notify_all();
  }
}

Result<Acknowledgements::Bounds> Acknowledgements::BoundsOf(const Concern& concern) {
  Bounds bounds;
  if (concern.kind != Concern::Kind::kKey) return bounds;
  ASSIGN_OR_RETURN(const wire::KeyRecord key, directory_.keys().Find(concern.id));
  bounds.hosts.assign(key.hosts().begin(), key.hosts().end());
  return bounds;
}

Result<Reach> Acknowledgements::Describe(const Standing& standing) {
  Reach reach;
  reach.revision = standing.question.revision;
  for (const auto& [agent, holding] : standing.hosts) {
    if (holding != Holding::kNot) ++reach.holders;
    if (holding == Holding::kSeen) ++reach.acknowledged;
  }
  ASSIGN_OR_RETURN(const Bounds bounds, BoundsOf(standing.question.concern));
  directory::PageRequest request{.cursor = std::nullopt, .limit = store::Store::kMaxPage};
  do {
    ASSIGN_OR_RETURN(const auto page, directory_.agents().List(request));
    for (const wire::AgentRecord& agent : page.items) {
      if (auto straggler = Judge(standing, bounds, agent)) reach.others.push_back(*std::move(straggler));
    }
    request.cursor = page.next;
  } while (request.cursor);
  return reach;
}

std::optional<Straggler> Acknowledgements::Judge(const Standing& standing, const Bounds& bounds,
                                                 const wire::AgentRecord& agent) const {
  const Concern& concern = standing.question.concern;
  if (concern.kind == Concern::Kind::kAgent && agent.id() != concern.id) return std::nullopt;
  const Contact contact = contacts_.Find(agent.id());
  Straggler straggler{.agent = agent.id(),
                      .host = agent.host(),
                      .why = Straggler::Why::kWaiting,
                      .mode = contact.mode,
                      .heard = contact.heard,
                      .until = std::nullopt};
  if (const auto host = standing.hosts.find(agent.id()); host != standing.hosts.end()) {
    // As long as it is connected no time ends it.
    if (host->second == Holding::kRefuses) straggler.why = Straggler::Why::kRefuses;
    const bool goes_on = host->second == Holding::kNotSeen || host->second == Holding::kRefuses;
    return goes_on ? std::optional(straggler) : std::nullopt;
  }
  if (!bounds.hosts.empty() && !IsOneOf(bounds.hosts, agent.host())) return std::nullopt;
  const bool has_spoken = contacts_.Knows(agent.id()) || agent.incarnation() != 0;
  if (!has_spoken) return std::nullopt;
  // One that was shut out before anybody noted such things has long been told at its door.
  if (agent.state() == wire::AGENT_REVOKED && !contact.until && concern.kind != Concern::Kind::kAgent)
    return std::nullopt;
  const int64_t now = std::chrono::floor<std::chrono::seconds>(wall_now_()).time_since_epoch().count();
  if (contact.until && *contact.until <= now) return std::nullopt;
  straggler.why = Straggler::Why::kAway;
  straggler.until = contact.until;
  return straggler;
}

}  // namespace postern::intake
