#include "collector/policy/policies.h"

#include <algorithm>
#include <utility>

#include "collector/directory/names.h"
#include "collector/policy/met_limits.h"
#include "shared/base/log.h"
#include "shared/policy/signed.h"
#include "shared/wire/conversation.h"

namespace postern::policies {
namespace {

constexpr size_t kMostVersions = 1000;

// By so much an agent may be ahead. A host that lies about it costs some numbers and no more.
constexpr uint64_t kMostAhead = 1'000'000;

int64_t Seconds(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

wire::Event AlarmOf(const std::string& agent, uint64_t seen, uint64_t current) {
  wire::Event event;
  wire::Alarm& alarm = *event.mutable_alarm();
  alarm.set_reason("policy_forgotten");
  alarm.set_agent(agent);
  alarm.set_sentence("it has version " + std::to_string(seen) + " of the policy, and the newest here is " +
                     std::to_string(current) +
                     ": a backup was restored; apply the policy again, so that all have the same");
  return event;
}

}  // namespace

Policies::Policies(directory::Directory& directory, const crypto::SigningKey& key, Options options)
    : directory_(directory),
      key_(key),
      options_(std::move(options)),
      reader_(options_.zones, options_.catalogue) {}

Result<std::unique_ptr<Policies>> Policies::Open(directory::Directory& directory,
                                                 const crypto::SigningKey& key, Options options) {
  std::unique_ptr<Policies> policies(new Policies(directory, key, std::move(options)));
  RETURN_IF_ERROR(policies->Begin());
  return policies;
}

Result<std::shared_ptr<const Issued>> Policies::Current() {
  ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
  return Find(standing.version);
}

Result<std::shared_ptr<const Issued>> Policies::Find(uint64_t version) {
  auto known = cached_.With([](const Cached& cached) { return cached.issued; });
  if (known && known->version.version == version) return known;
  ASSIGN_OR_RETURN(auto issued, ReadIssued(store(), version));
  // A version never changes, so the newest that was read stays good.
  cached_.With([&](Cached& cached) {
    if (!cached.issued || cached.issued->version.version < version) cached = {issued, std::nullopt};
  });
  return issued;
}

Result<VersionPage> Policies::History(uint64_t from, size_t limit) {
  VersionPage page;
  ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
  page.next = from == 0 ? standing.version : from;
  while (page.next != 0 && page.versions.size() < std::clamp<size_t>(limit, 1, kMostVersions)) {
    ASSIGN_OR_RETURN(Version version, ReadVersion(store(), page.next));
    page.next = version.former;
    page.versions.push_back(std::move(version));
  }
  return page;
}

Result<uint64_t> Policies::Next() {
  ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
  return standing.next();
}

Result<policy::Compiled> Policies::CompiledOf(const std::shared_ptr<const Issued>& issued) {
  auto known = cached_.With([&](const Cached& cached) {
    return cached.issued == issued ? cached.compiled : std::optional<policy::Compiled>();
  });
  if (known) return *std::move(known);
  ASSIGN_OR_RETURN(policy::Compiled compiled, policy::Compiled::Compile(issued->policy, options_.catalogue));
  cached_.With([&](Cached& cached) {
    if (cached.issued == issued) cached.compiled = compiled;
  });
  return compiled;
}

Result<Explained> Policies::Explain(Question question) {
  std::vector<std::string> obstacles;
  ASSIGN_OR_RETURN(const wire::Freeze freeze, Freezing());
  if (freeze.frozen() && question.version == 0)
    obstacles.push_back("everything is frozen" + (freeze.sentence().empty() ? "" : ": " + freeze.sentence()));
  RETURN_IF_ERROR(Complete(question, directory_, options_.wall_now(), obstacles));
  ASSIGN_OR_RETURN(const auto issued, question.version == 0 ? Current() : Find(question.version));
  ASSIGN_OR_RETURN(const policy::Compiled compiled, CompiledOf(issued));
  Explained explained = Answer(compiled, std::move(question), std::move(obstacles));
  ASSIGN_OR_RETURN(explained.limits,
                   LimitsMet(issued->policy, compiled, reader_.catalogue(), explained.asked));
  explained.zone = issued->policy.time_zone();
  return explained;
}

Result<wire::Freeze> Policies::Freezing() { return ReadFreeze(store()); }

Result<wire::Freeze> Policies::Freeze(const Actor& actor, const std::string& sentence) {
  wire::Freeze wanted;
  wanted.set_frozen(true);
  wanted.set_sentence(sentence);
  return SetFreeze(actor, "freeze", std::move(wanted));
}

Result<wire::Freeze> Policies::Thaw(const Actor& actor) { return SetFreeze(actor, "thaw", wire::Freeze()); }

Result<wire::Freeze> Policies::SetFreeze(const Actor& actor, const char* action, wire::Freeze wanted) {
  bool written = false;
  const auto decide = [&]() -> Result<directory::Draft> {
    RETURN_IF_ERROR(directory::CheckText(wanted.sentence(), "the sentence", wire::kMaxSentenceBytes));
    ASSIGN_OR_RETURN(const wire::Freeze before, ReadFreeze(store()));
    const bool goes_on = before.frozen() == wanted.frozen() && before.revision() != 0;
    wanted.set_since(goes_on ? before.since() : Seconds(options_.wall_now()));
    wanted.set_revision(before.revision());
    written = !goes_on || before.sentence() != wanted.sentence();
    directory::Draft draft;
    draft.sentence = written ? wanted.sentence() : "it was so already";
    if (written) PutFreeze(draft.change, wanted);
    return draft;
  };
  ASSIGN_OR_RETURN(const uint64_t revision,
                   directory_.registrar().Perform(actor, {action, "everything", {}}, decide));
  if (!written) return wanted;
  wanted.set_revision(revision);
  Tell();
  return wanted;
}

Status Policies::NoteSeen(const std::string& agent, uint64_t version) {
  uint64_t highest = highest_.load(std::memory_order_relaxed);
  if (version <= highest) return Ok{};
  if (version - highest > kMostAhead) {
    LOG_LIMITED(std::chrono::minutes(1), Level::kWarning, "a host claims a policy that can't be",
                {{"agent", agent}, {"version", version}});
    return Ok{};
  }
  const auto decide = [&]() -> Result<directory::Draft> {
    directory::Draft draft;
    ASSIGN_OR_RETURN(const Standing standing, ReadStanding(store()));
    if (version <= std::max(standing.version, standing.seen)) return draft;
    PutSeen(draft.change, standing, version);
    draft.events.push_back(AlarmOf(agent, version, standing.version));
    return draft;
  };
  if (auto done = directory_.registrar().Note(decide); !done) return done.error();
  while (highest < version && !highest_.compare_exchange_weak(highest, version)) {
  }
  return Ok{};
}

uint64_t Policies::Subscribe(Listener listener) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.emplace(++last_subscription_, std::move(listener));
  return last_subscription_;
}

void Policies::Unsubscribe(uint64_t subscription) {
  const std::lock_guard lock(listeners_mutex_);
  listeners_.erase(subscription);
}

void Policies::Tell() {
  const std::lock_guard lock(listeners_mutex_);
  for (const auto& [subscription, listener] : listeners_) listener();
}

}  // namespace postern::policies
