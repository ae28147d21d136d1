// Screening in the gate: a request is looked at before it leaves, in the loop's thread where little of it is
// new, by a worker where much is, and never before the rules are ready.
//
//   passage ─▶ Screen ─▶ rules ready? ─▶ scan (loop | worker) ─▶ what may leave
//                              ▲                   │  ▲
//                        rule keeper               ▼  │
//                                          the session's memory
//
// The memory of a session (shared/secrets/session_memory.h) is its person's: what was clean, what was taken
// out, what placeholders stand for. It is bounded, and gone with the agent.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/screening/answer_screen.h"
#include "agent/screening/head_screen.h"
#include "agent/screening/keys.h"
#include "agent/screening/rule_keeper.h"
#include "agent/screening/screen.h"
#include "agent/screening/sessions.h"
#include "shared/base/result.h"
#include "shared/http/loop.h"
#include "shared/http/worker.h"

namespace postern::screening {

struct Options {
  std::filesystem::path state;  // the state directory: the host's keys
  std::filesystem::path cache;  // of compiled rules
  std::chrono::nanoseconds patience =
      std::chrono::seconds(60);  // so long a request waits for the first rules
};

// What is asked about one request. The body is borrowed until Screen returns.
struct Request {
  std::string_view body;
  std::shared_ptr<const policy::Compiled> policy{};  // null: this host has none
  policy::SecretOrders orders{};
  uint64_t policy_version = 0;
  std::string session{};       // whose it is, and its id
  std::string conversation{};  // in it: of a subagent its id
  // The body's, by hash(), if somebody has them.
  secrets::Pieces pieces{};
};

// What is asked about the answer to one; the policy's orders and the names as above.
struct AnswerRequest {
  std::shared_ptr<const policy::Compiled> policy{};
  policy::SecretOrders orders{};
  std::string session{};
};

// What it has done so far, for metrics and status.
struct Counts {
  uint64_t requests = 0;   // looked at
  uint64_t by_worker = 0;  // of these
  uint64_t bytes = 0;      // of their bodies
  uint64_t warned = 0;     // secrets, as the next two, each time that one stood in a request
  uint64_t redacted = 0;
  uint64_t blocked = 0;
  uint64_t too_much = 0;  // requests that would have taken too long

  uint64_t answers = 0;            // that were looked at, or could have had originals put back
  uint64_t warned_in_answers = 0;  // secrets, as the next one
  uint64_t redacted_in_answers = 0;
  uint64_t restored = 0;  // originals that were put back
};

// Owned by the loop thread.
class Screening {
 public:
  // A body with more than this that is new is looked at by a worker.
  static constexpr size_t kMuch = 256 << 10;
  // A larger one always is.
  static constexpr size_t kLargest = 4 << 20;

  // The loop must live longer, and have ended when this goes. Errors as FindHostKeys.
  static Result<std::unique_ptr<Screening>> Start(http::Loop& loop, const Options& options);
  ~Screening();
  Screening(const Screening&) = delete;

  // The rules of this policy are wanted; null: the built-in ones alone.
  void Use(std::shared_ptr<const policy::Compiled> policy);

  // Nothing where the strand was cancelled, or the rules weren't ready in time: then nothing may go.
  http::Task<std::optional<Screened>> Screen(http::Strand& strand, Request request);

  // The head of the request; its body isn't looked at here. What stood in the session's last head, too, is
  // known. `clean` is of its connection. Nothing while no rules are ready.
  std::optional<ScreenedHead> ScreenHead(const Request& request, std::span<const HeadPart> parts,
                                         CleanHead& clean);
  // Whether a rule finds something in what a client calls something, such as a model.
  bool IsSecret(std::string_view name);

  // For the answer to a request that was screened; null where nothing of it is looked at or restored. This
  // must live longer.
  std::unique_ptr<AnswerScreen> ForAnswer(const AnswerRequest& request, AnswerScreen::Form form,
                                          dialect::JsonCursor& json);

  // The answer that was screened has ended.
  void CountAnswer(const std::vector<Found>& found, uint64_t restored);

  // The process is about to end: rules that are being compiled are left alone. Whether they are: a thread
  // goes on then that nobody waits for, and the process must end without destroying what is static.
  [[nodiscard]] bool LeaveRules() { return keeper_->Leave(); }

  const std::shared_ptr<const HostKeys>& keys() const { return keys_; }
  // By which bodies are known again; nobody outside this process can tell what it makes of a text.
  const secrets::KeyedHash& hash() const { return sessions_.hash(); }
  Sessions& sessions() { return sessions_; }
  const Sessions& sessions() const { return sessions_; }
  RulesInUse rules() const { return keeper_->InUse(); }
  const Counts& counts() const { return counts_; }

 private:
  struct Job;
  class Waiting;
  struct Bench;
  Screening(http::Loop& loop, HostKeys keys, const Options& options);

  void OnRules();
  bool IsMuch(const Request& request);
  http::Task<bool> AwaitRules(http::Strand& strand);
  http::Task<std::optional<Screened>> ByWorker(http::Strand& strand, std::string_view body, Terms terms);
  void Remember(const Request& request, Screened& screened);
  void Count(const Request& request, const Screened& screened);
  void CountFound(const std::vector<Found>& found);

  http::Loop& loop_;
  const std::chrono::nanoseconds patience_;
  const std::shared_ptr<const HostKeys> keys_;
  std::shared_ptr<const policy::Compiled> wanted_;  // whose rules are
  std::shared_ptr<const secrets::Scanner> scanner_;
  std::vector<http::Strand*> waiting_;  // for rules
  Sessions sessions_;
  Counts counts_;
  std::unique_ptr<Bench> bench_;          // the loop's
  std::shared_ptr<Bench> workers_bench_;  // the worker's
  std::unique_ptr<http::Worker> worker_;
  std::unique_ptr<RuleKeeper> keeper_;
};

}  // namespace postern::screening
