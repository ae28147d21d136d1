#include "agent/screening/screening.h"

#include <algorithm>
#include <utility>

#include "agent/screening/bench.h"
#include "shared/secrets/redaction.h"

namespace postern::screening {

// What a worker is asked. It has a body of its own: whoever asked may be gone before it is done.
struct Screening::Job {
  std::string body;
  Terms terms;
  http::Strand* strand = nullptr;  // whom to wake; the loop's, as what follows once it is posted
  bool done = false;
  Screened screened;
};

// A strand that waits for rules, while it does.
class Screening::Waiting {
 public:
  Waiting(Screening& screening, http::Strand& strand) : screening_(screening), strand_(strand) {
    screening_.waiting_.push_back(&strand_);
  }
  Waiting(const Waiting&) = delete;
  ~Waiting() { std::erase(screening_.waiting_, &strand_); }

 private:
  Screening& screening_;
  http::Strand& strand_;
};

Result<std::unique_ptr<Screening>> Screening::Start(http::Loop& loop, const Options& options) {
  ASSIGN_OR_RETURN(HostKeys keys, FindHostKeys(options.state));
  return std::unique_ptr<Screening>(new Screening(loop, std::move(keys), options));
}

Screening::Screening(http::Loop& loop, HostKeys keys, const Options& options)
    : loop_(loop),
      patience_(options.patience),
      keys_(std::make_shared<const HostKeys>(std::move(keys))),
      bench_(std::make_unique<Bench>()),
      workers_bench_(std::make_shared<Bench>()),
      worker_(std::make_unique<http::Worker>()),
      keeper_(std::make_unique<RuleKeeper>(options.cache, [this] { loop_.Post([this] { OnRules(); }); })) {}

Screening::~Screening() = default;

void Screening::Use(std::shared_ptr<const policy::Compiled> policy) {
  static const std::string kNone;
  keeper_->Want(policy == nullptr ? kNone : policy->secret_terms().rules);
  wanted_ = std::move(policy);
}

void Screening::OnRules() {
  auto scanner = keeper_->InUse().scanner;
  if (scanner != scanner_) sessions_.ForgetBodies();
  scanner_ = std::move(scanner);
  for (http::Strand* strand : waiting_) strand->Notify();
}

http::Task<bool> Screening::AwaitRules(http::Strand& strand) {
  if (scanner_ != nullptr) co_return true;
  const Waiting waiting(*this, strand);
  strand.SetDeadlineIn(patience_);
  while (scanner_ == nullptr) {
    if (const http::Wake wake = co_await strand.Wait(); wake != http::Wake::kEvent) break;
  }
  strand.ClearDeadline();
  co_return scanner_ != nullptr && !strand.cancelled();
}

bool Screening::IsMuch(const Request& request) {
  if (request.body.size() <= kMuch) return false;
  if (request.body.size() > kLargest) return true;
  Session* const session = sessions_.Find(request.session);
  return session == nullptr || request.body.size() > session->memory.LargestOf(request.conversation) + kMuch;
}

http::Task<std::optional<Screened>> Screening::Screen(http::Strand& strand, Request request) {
  if (request.policy != wanted_ || scanner_ == nullptr) Use(request.policy);
  const bool ready = co_await AwaitRules(strand);
  if (!ready) co_return std::nullopt;
  Session& session = sessions_.Of(request.session);
  Terms terms{.scanner = scanner_,
              .keys = keys_,
              .policy = request.policy,
              .orders = request.orders,
              .now = WallNow(),
              .known = session.memory.KnownOf(request.conversation),
              .pieces = std::move(request.pieces),
              .remembers = true};
  std::optional<Screened> screened;
  bool by_worker = IsMuch(request);
  if (by_worker) {
    screened = co_await ByWorker(strand, request.body, terms);
  } else {
    screened = screening::Screen(request.body, terms, bench_->For(terms.scanner));
  }
  if (screened && screened->outcome == Screened::Outcome::kNoMemory) {
    // Nothing more can be locked. What is taken out is taken out all the same; it isn't remembered.
    sessions_.ForgetOthers(request.session);
    terms.remembers = false;
    by_worker = true;
    screened = co_await ByWorker(strand, request.body, std::move(terms));
  }
  if (by_worker) ++counts_.by_worker;
  if (!screened) co_return std::nullopt;
  Remember(request, *screened);
  Count(request, *screened);
  co_return screened;
}

http::Task<std::optional<Screened>> Screening::ByWorker(http::Strand& strand, std::string_view body,
                                                        Terms terms) {
  const auto job = std::make_shared<Job>();
  job->body = body;
  job->terms = std::move(terms);
  job->strand = &strand;
  strand.ClearDeadline();
  struct Leaving {
    Job& job;
    ~Leaving() { job.strand = nullptr; }
  } const leaving{*job};
  worker_->Do([job, bench = workers_bench_, &loop = loop_] {
    job->screened = screening::Screen(job->body, job->terms, bench->For(job->terms.scanner));
    loop.Post([job] {
      job->done = true;
      if (job->strand != nullptr) job->strand->Notify();
    });
  });
  while (!job->done) {
    if (const http::Wake wake = co_await strand.Wait(); wake == http::Wake::kCancelled)
      co_return std::nullopt;
  }
  co_return std::move(job->screened);
}

// The session may have gone while a worker scanned.
void Screening::Remember(const Request& request, Screened& screened) {
  using Outcome = Screened::Outcome;
  const bool was_scanned = screened.outcome == Outcome::kClean || screened.outcome == Outcome::kRedacted ||
                           screened.outcome == Outcome::kBlocked;
  if (!was_scanned) return;
  Session& session = sessions_.Of(request.session);
  if (session.policy_version != request.policy_version) {
    // What was found before was dealt with by another policy: it is told again.
    for (Found& found : screened.found) found.known = false;
  }
  session.memory.Keep(request.conversation, screened.scan);
  session.policy_version = request.policy_version;
  if (request.orders.RestoresAny()) {
    for (const size_t cut : screened.cuts) {
      const std::string& original = screened.scan.cuts[cut].original;
      const std::string placeholder = secrets::PlaceholderFor(keys_->placeholder.view(), original);
      // What can't be kept isn't restored: the placeholder then stays in the tool's input.
      if (!session.memory.KeepOriginal(placeholder, original)) break;
    }
  }
  sessions_.Trim();
}

void Screening::Count(const Request& request, const Screened& screened) {
  ++counts_.requests;
  counts_.bytes += request.body.size();
  if (screened.outcome == Screened::Outcome::kTooMuch) ++counts_.too_much;
  CountFound(screened.found);
}

void Screening::CountFound(const std::vector<Found>& all) {
  for (const Found& found : all) {
    switch (found.action) {
      case wire::SECRET_ACTION_WARN: counts_.warned += found.times; break;
      case wire::SECRET_ACTION_REDACT: counts_.redacted += found.times; break;
      case wire::SECRET_ACTION_BLOCK: counts_.blocked += found.times; break;
      default: break;
    }
  }
}

}  // namespace postern::screening
