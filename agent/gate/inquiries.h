// What the gate asks of the collector's directory, and how long an exchange waits for the answer.
//
//   exchange ─▶ confirmed? ─yes─▶ judged by it
//                  │ no
//                  ├─ the collector is there ──▶ asked; wait for the answer, 2 s at most
//                  ├─ this agent began less than 2 s ago ──▶ wait for the collector's first word
//                  └─ else ──▶ what is remembered, if it may still be trusted
//
// Many exchanges of one key ask once. Keys that are not remembered are what a flood of made-up ones would ask
// for: of these so many a second are asked, whoever shows them; what is remembered is always asked for. Fails
// closed.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "agent/membership/membership.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/locked_secret.h"
#include "shared/http/loop.h"
#include "shared/http/worker.h"
#include "shared/wire/conversation.h"

namespace postern::gate {

// Why there is no answer to judge by.
enum class NoAnswer {
  kAway,         // not remembered, and the collector can't be asked now
  kUnanswered,   // the collector was asked and gave no answer in time; nothing that may be used is remembered
  kTooMany,      // too many keys that are not remembered are being asked for
  kSilent,       // as membership::Trust, all that follow
  kTooLong,      //
  kNever,        //
  kQuarantined,  //
  kRevoked,      //
  kCancelled,    // the client is gone
};

// Owned by the loop thread.
class Inquiries {
 public:
  // Asks the collector: as uplink::Uplink::Ask. The answers go to the membership.
  using Ask = std::function<Status(std::vector<std::string> keys, std::vector<wire::OsIdentity> users)>;

  static constexpr std::chrono::seconds kPatience{2};
  static constexpr int kUnknownAtOnce = 64;                      // asks for keys that are not remembered:
  static constexpr std::chrono::milliseconds kUnknownEvery{20};  // so many at once, and one more each 20 ms

  // All must live longer; the worker must end before the loop.
  Inquiries(http::Loop& loop, http::Worker& worker, membership::Membership& membership, Ask ask);
  ~Inquiries();
  Inquiries(const Inquiries&) = delete;

  // Null: there is no such key, or OS user.
  template <class T>
  struct Finding {
    std::shared_ptr<const T> found;
    std::optional<NoAnswer> no_answer;
  };
  http::Task<Finding<membership::Key>> FindKey(http::Strand& strand, std::string id);
  http::Task<Finding<membership::OsUserPrincipal>> FindOsUser(http::Strand& strand, uid_t uid);

  // Waits as long for one that the collector may be sending right now. Null where none comes.
  http::Task<std::shared_ptr<const crypto::LockedSecret>> FindCredential(
      http::Strand& strand, const std::vector<std::string>& names, std::string_view provider);

  // Waits as long for one that may be on its way: null where none comes.
  http::Task<std::shared_ptr<const membership::PolicyInForce>> FindPolicy(http::Strand& strand);

  // For who goes on by what isn't confirmed: asks, where the collector is there, every two seconds at most.
  void AskAgain(const std::string& key);
  void AskAgain(uid_t uid);

  // Called on the loop whenever something of the membership may be another.
  void set_on_change(std::function<void()> call) { on_change_ = std::move(call); }

  const membership::Membership& membership() const { return membership_; }

 private:
  // What exchanges wait for: how many, and whether it has been asked.
  struct Question {
    int waiting = 0;
    bool asked = false;
  };
  enum class Step { kUse, kWait, kGiveUp };

  template <class Answer>
  Step Decide(const Answer& answer, BootTime began, std::optional<NoAnswer>& why) const;
  http::Task<http::Wake> Wait(http::Strand& strand, BootTime until);
  BootTime WaitUntil(BootTime began) const;
  bool MayAskForUnknown();
  std::optional<NoAnswer> AskForKey(const std::string& id, Question& question,
                                    membership::Certainty certainty);
  void AskForUser(uid_t uid, Question& question);
  void AskWorkerFor(uid_t uid);
  bool MayAskAgain(const std::string& name);
  void OnAccount(const wire::OsIdentity& identity);
  void OnChange();

  http::Loop& loop_;
  http::Worker& worker_;
  membership::Membership& membership_;
  const Ask ask_;
  const BootTime began_;
  bool welcomed_once_ = false;
  BootTime unknown_free_at_{};  // when all asks for unknown keys may be had again
  std::map<std::string, Question, std::less<>> keys_;
  std::map<uid_t, Question> users_;
  std::map<std::string, BootTime, std::less<>> asked_again_;  // when last; of keys, and of uids as text
  std::vector<http::Strand*> waiting_;
  std::function<void()> on_change_;
  // Shared with what the membership's threads post.
  struct Bell;
  std::shared_ptr<Bell> bell_;
};

}  // namespace postern::gate
