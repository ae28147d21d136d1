#include "agent/gate/inquiries.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "agent/identity/user_names.h"

namespace postern::gate {
namespace {

// Whoever waits looks again after so long, whether something was said or not: a question that nobody took is
// asked again.
constexpr std::chrono::milliseconds kLookAgain{100};

using membership::Certainty;
using membership::Link;
using membership::Trust;

std::optional<NoAnswer> Distrust(Trust trust) {
  switch (trust) {
    case Trust::kYes: return std::nullopt;
    case Trust::kSilent: return NoAnswer::kSilent;
    case Trust::kTooLong: return NoAnswer::kTooLong;
    case Trust::kNever: return NoAnswer::kNever;
    case Trust::kQuarantined: return NoAnswer::kQuarantined;
    case Trust::kRevoked: return NoAnswer::kRevoked;
  }
  return NoAnswer::kNever;
}

// One of those who wait for the same answer, however it ceases to.
template <class Map>
class Waiting {
 public:
  Waiting(Map& map, const typename Map::key_type& key) : map_(map), at_(map.try_emplace(key).first) {
    ++at_->second.waiting;
  }
  Waiting(const Waiting&) = delete;
  ~Waiting() {
    if (--at_->second.waiting == 0) map_.erase(at_);
  }
  auto& question() { return at_->second; }

 private:
  Map& map_;
  typename Map::iterator at_;
};

}  // namespace

// Many changes are one call on the loop. The membership may ring after the inquiries have gone.
struct Inquiries::Bell {
  std::atomic<bool> rung{false};
  Inquiries* inquiries = nullptr;  // of the loop's thread
};

Inquiries::Inquiries(http::Loop& loop, http::Worker& worker, membership::Membership& membership, Ask ask)
    : loop_(loop),
      worker_(worker),
      membership_(membership),
      ask_(std::move(ask)),
      began_(BootClock::now()),
      bell_(std::make_shared<Bell>()) {
  bell_->inquiries = this;
  membership_.OnChange([bell = bell_, &loop] {
    if (bell->rung.exchange(true)) return;
    loop.Post([bell] {
      bell->rung = false;
      if (bell->inquiries != nullptr) bell->inquiries->OnChange();
    });
  });
}

Inquiries::~Inquiries() {
  membership_.OnChange({});
  bell_->inquiries = nullptr;
}

void Inquiries::OnChange() {
  welcomed_once_ |= membership_.outlook().link == Link::kWelcomed;
  for (http::Strand* strand : waiting_) strand->Notify();
  if (on_change_) on_change_();
}

// Until then an answer, or the collector's first word, is worth waiting for; a time that has passed: nothing
// is.
BootTime Inquiries::WaitUntil(BootTime began) const {
  if (membership_.outlook().link == Link::kWelcomed) return began + kPatience;
  return welcomed_once_ ? BootTime{} : began_ + kPatience;
}

http::Task<http::Wake> Inquiries::Wait(http::Strand& strand, BootTime until) {
  struct Entry {
    std::vector<http::Strand*>& waiting;
    http::Strand* strand;
    ~Entry() { std::erase(waiting, strand); }
  };
  waiting_.push_back(&strand);
  const Entry entry{waiting_, &strand};
  strand.SetDeadline(std::min(until, BootClock::now() + kLookAgain));
  const http::Wake wake = co_await strand.Wait();
  strand.ClearDeadline();
  co_return wake;
}

// What to do with what is known now. kGiveUp says why.
template <class Answer>
Inquiries::Step Inquiries::Decide(const Answer& answer, BootTime began, std::optional<NoAnswer>& why) const {
  const membership::Outlook outlook = membership_.outlook();
  const bool set_aside = outlook.trust == Trust::kQuarantined || outlook.trust == Trust::kRevoked;
  const bool confirmed = answer.certainty == Certainty::kConfirmed;
  if (set_aside || (confirmed && outlook.trust == Trust::kSilent)) {
    why = Distrust(outlook.trust);
    return Step::kGiveUp;
  }
  if (confirmed && outlook.link == Link::kWelcomed) return Step::kUse;
  if (BootClock::now() < WaitUntil(began)) return Step::kWait;
  // Nobody answers. What may still be used?
  why = Distrust(outlook.trust);
  if (why) return Step::kGiveUp;
  const bool strict = outlook.revocation == membership::Revocation::kStrict;
  const bool recent = confirmed || answer.certainty == Certainty::kLately;
  if (recent || (answer.certainty == Certainty::kRemembered && !strict)) return Step::kUse;
  why = outlook.link == Link::kWelcomed ? NoAnswer::kUnanswered : NoAnswer::kAway;
  return Step::kGiveUp;
}

http::Task<Inquiries::Finding<membership::Key>> Inquiries::FindKey(http::Strand& strand, std::string id) {
  const BootTime began = BootClock::now();
  std::optional<Waiting<decltype(keys_)>> waiting;
  for (;;) {
    const membership::KeyAnswer answer = membership_.FindKey(id);
    std::optional<NoAnswer> why;
    const Step step = Decide(answer, began, why);
    if (step == Step::kUse) co_return Finding<membership::Key>{answer.key, std::nullopt};
    if (step == Step::kWait) {
      if (!waiting) waiting.emplace(keys_, id);
      why = AskForKey(id, waiting->question(), answer.certainty);
    }
    if (why) co_return Finding<membership::Key>{nullptr, why};
    const http::Wake wake = co_await Wait(strand, WaitUntil(began));
    if (wake == http::Wake::kCancelled) co_return Finding<membership::Key>{nullptr, NoAnswer::kCancelled};
  }
}

http::Task<Inquiries::Finding<membership::OsUserPrincipal>> Inquiries::FindOsUser(http::Strand& strand,
                                                                                  uid_t uid) {
  const BootTime began = BootClock::now();
  std::optional<Waiting<decltype(users_)>> waiting;
  for (;;) {
    const membership::OsUserAnswer answer = membership_.FindOsUser(uid);
    std::optional<NoAnswer> why;
    const Step step = Decide(answer, began, why);
    if (step == Step::kUse) co_return Finding<membership::OsUserPrincipal>{answer.user, std::nullopt};
    if (step == Step::kGiveUp) co_return Finding<membership::OsUserPrincipal>{nullptr, why};
    if (!waiting) waiting.emplace(users_, uid);
    AskForUser(uid, waiting->question());
    const http::Wake wake = co_await Wait(strand, WaitUntil(began));
    if (wake == http::Wake::kCancelled)
      co_return Finding<membership::OsUserPrincipal>{nullptr, NoAnswer::kCancelled};
  }
}

http::Task<std::shared_ptr<const crypto::LockedSecret>> Inquiries::FindCredential(
    http::Strand& strand, const std::vector<std::string>& names, std::string_view provider) {
  const BootTime began = BootClock::now();
  for (;;) {
    auto line = membership_.CredentialFor(names, provider);
    if (line != nullptr || names.empty() || BootClock::now() >= WaitUntil(began)) co_return line;
    const http::Wake wake = co_await Wait(strand, WaitUntil(began));
    if (wake == http::Wake::kCancelled) co_return nullptr;
  }
}

http::Task<std::shared_ptr<const membership::PolicyInForce>> Inquiries::FindPolicy(http::Strand& strand) {
  const BootTime began = BootClock::now();
  for (;;) {
    auto policy = membership_.policy();
    if (policy != nullptr || BootClock::now() >= WaitUntil(began)) co_return policy;
    const http::Wake wake = co_await Wait(strand, WaitUntil(began));
    if (wake == http::Wake::kCancelled) co_return nullptr;
  }
}

bool Inquiries::MayAskForUnknown() {
  const BootTime now = BootClock::now();
  const BootTime whole = std::max(unknown_free_at_, now) + kUnknownEvery;
  if (whole > now + kUnknownAtOnce * kUnknownEvery) return false;
  unknown_free_at_ = whole;
  return true;
}

// Only once for all who wait; again where nobody took the question.
std::optional<NoAnswer> Inquiries::AskForKey(const std::string& id, Question& question, Certainty certainty) {
  if (question.asked || membership_.outlook().link != Link::kWelcomed) return std::nullopt;
  if (certainty == Certainty::kNotRemembered && !MayAskForUnknown()) return NoAnswer::kTooMany;
  question.asked = ask_({id}, {}).has_value();
  return std::nullopt;
}

// Names and groups are the machine's user database's, which may be a network away.
void Inquiries::AskForUser(uid_t uid, Question& question) {
  if (question.asked || membership_.outlook().link != Link::kWelcomed) return;
  question.asked = true;
  AskWorkerFor(uid);
}

void Inquiries::AskWorkerFor(uid_t uid) {
  worker_.Do([bell = bell_, &loop = loop_, uid] {
    identity::OsAccount account = identity::FindAccount(uid, wire::kMaxUserGroups);
    wire::OsIdentity identity;
    identity.set_uid(uid);
    identity.set_name(std::move(account.name));
    for (std::string& group : account.groups) identity.add_groups(std::move(group));
    loop.Post([bell, identity = std::move(identity)] {
      if (bell->inquiries != nullptr) bell->inquiries->OnAccount(identity);
    });
  });
}

void Inquiries::OnAccount(const wire::OsIdentity& identity) {
  const bool asked = ask_({}, {identity}).has_value();
  if (const auto found = users_.find(identity.uid()); found != users_.end()) found->second.asked = asked;
}

bool Inquiries::MayAskAgain(const std::string& name) {
  if (membership_.outlook().link != Link::kWelcomed) return false;
  const BootTime now = BootClock::now();
  std::erase_if(asked_again_, [now](const auto& asked) { return asked.second + kPatience <= now; });
  return asked_again_.emplace(name, now).second;
}

void Inquiries::AskAgain(const std::string& key) {
  if (MayAskAgain(key)) static_cast<void>(ask_({key}, {}).has_value());  // not taken: it is asked again
}

void Inquiries::AskAgain(uid_t uid) {
  if (MayAskAgain(std::to_string(uid))) AskWorkerFor(uid);
}

}  // namespace postern::gate
