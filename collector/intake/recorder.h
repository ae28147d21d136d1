// Turns what agents have sent into one change of the store and what each is told when that is on the disk.
//
//   submissions ──▶ each group against its chain ──▶ the last seal of each chain ──▶ Batch: events, chains,
//                   (group_check.h)                  (speaks for those before it)    set aside; replies
//
// While one batch is committed the next is verified, against chains as they will be then. So when a commit
// fails, every batch that was begun before it is known is worthless: each carries the generation it was begun
// in, and the committer refuses those of an earlier one.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collector/intake/agent_table.h"
#include "collector/intake/allowance.h"
#include "collector/intake/chain_cache.h"
#include "collector/intake/group_check.h"
#include "collector/intake/presence.h"
#include "collector/intake/submission.h"
#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/guarded.h"

namespace postern::intake {

// How far committing has got: written by the committer, read by the verifier.
struct Progress {
  std::atomic<uint64_t> committed{0};   // the number of the last batch that is on the disk
  std::atomic<uint64_t> generation{1};  // grows when a batch fails
};

// Owned by the verifier thread, but for ForgetLater.
class Recorder {
 public:
  // All references must live longer.
  Recorder(store::Store& store, const AgentTable& agents, Presence& presence, const Progress& progress,
           std::function<WallTime()> wall_now)
      : store_(store),
        agents_(agents),
        presence_(presence),
        progress_(progress),
        wall_now_(std::move(wall_now)),
        chains_(store) {}

  // The events' bytes become the batch's.
  Batch Verify(std::vector<Submission> submissions);

  // The directory has changed this agent's chains: before the next batch they are read anew. From any thread.
  void ForgetLater(const std::string& agent);

 private:
  // A group that fits; its seal has not been verified.
  struct Pending {
    const Submission* submission;
    wire::Group* group;
    CheckedGroup checked;
  };
  // A chain in this batch.
  struct Line {
    std::shared_ptr<const Agent> agent;
    CachedChain* cached = nullptr;
    uint64_t expected = 0;   // its sequence before the batch
    store::Chain tentative;  // with the pending groups
    std::vector<Pending> pending;
  };
  // What a peer will be told, and which chains of it were good for something, the last of them last.
  struct Told {
    Reply reply;
    std::vector<uint64_t> incarnations;
  };

  void Begin();
  void Take(Submission& submission);
  void TakeGroup(const std::shared_ptr<const Agent>& agent, const Submission& submission, wire::Group& group);
  Result<Line*> LineOf(const std::shared_ptr<const Agent>& agent, uint64_t incarnation);
  Result<std::variant<CheckedGroup, Finding>> Check(const Line& line, const wire::Group& group);
  void Hold(Line& line, Pending pending);
  void Settle(Line& line);
  Status Accept(Line& line, Pending& pending);
  Status LearnIntents(Line& line, const CheckedGroup& checked);
  Result<ExchangeFacts> ReadIntent(const Line& line, uint64_t sequence);
  void Record(Line& line, const Pending& pending, size_t index, store::NewEvent& record);
  void NoteHole(Line& line, const store::Hole& hole);
  void Refuse(Line& line, const Submission& submission, const wire::Group& group, const Finding& finding);
  void SetAside(const Line& line, const wire::Group& group, const Finding& finding);
  void GiveUp(const Submission& submission, const Error& error);
  Batch Finish();

  Told& TellTo(const Submission& submission);
  void Reject(const Submission& submission, const std::string& reason, const std::string& sentence,
              const wire::Group* group);

  store::Store& store_;
  const AgentTable& agents_;
  Presence& presence_;
  const Progress& progress_;
  const std::function<WallTime()> wall_now_;
  ChainCache chains_;
  uint64_t number_ = 0;
  uint64_t generation_ = 0;
  std::map<std::string, Allowance> set_aside_;  // how much of each agent is kept
  Guarded<std::set<std::string>> to_forget_;

  // Of the batch under way.
  Batch batch_;
  WallTime received_at_{};
  std::map<std::pair<std::string, uint64_t>, Line> lines_;
  std::map<bus::Peer, Told> told_;
  std::set<std::string> given_up_;  // agents of whom nothing more is looked at in this batch
};

}  // namespace postern::intake
