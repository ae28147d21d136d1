// The thread that speaks with agents: receives each frame, gives events to the verifier, answers the rest,
// and sends what the other threads and the directory have for them.
//
// A change of the directory is told in the turn of the loop that follows its commit: whoever commits wakes
// this thread, and between two frames it looks whether there is one. Of the same kind are the policy, a
// freeze and questions whom a change has reached.
//
// Whatever an agent sends costs bounded work and memory, and nobody else's turn: frames are taken one of each
// connection at a time (bus), what is expensive has an Allowance (session.h), events wait in the agent's own
// part of the queue.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collector/intake/committer.h"
#include "collector/intake/courier.h"
#include "collector/intake/fair_queue.h"
#include "collector/intake/greeter.h"
#include "collector/intake/informer.h"
#include "collector/intake/session.h"
#include "shared/base/result.h"
#include "shared/bus/admission.h"
#include "shared/bus/server.h"

namespace postern::intake {

// Owned by the conversation thread, but for Start, Wake, NoteChange and Stop.
class Conversation {
 public:
  Conversation(Shared& shared, FairQueue& queue, Recorder& recorder, Informer::Timing timing,
               std::chrono::nanoseconds policy_patience);

  // Lets in all agents that the directory has, and listens. Errors as bus::Server::Listen and the store.
  Status Start(bus::ServerOptions options);

  // Until Stop was called and `drained` is true: from Stop on nothing more is received, but what was stored
  // is still acknowledged.
  void Run(const std::atomic<bool>& drained);

  // From any thread.
  void Wake() { server_->Wake(); }
  void NoteChange();  // of the directory, the policy, the freeze; or a question
  void Stop();

  uint16_t port() const { return server_->port(); }
  bus::ServerStats bus_stats() const { return server_->stats(); }

 private:
  static constexpr std::chrono::milliseconds kTick{200};  // how often reminders are looked for

  Status LetIn();
  void Admit(const wire::AgentRecord& record);

  void Receive();
  void OnFrame(const bus::Incoming& incoming);
  void OnMessage(Session& session, wire::FromAgent& message);
  void OnHello(Session& session, wire::Hello& hello);
  void GreetAll();
  void Greet(Session& session, const wire::Hello& hello);
  void TurnAway(Session& session);
  void OnEvents(Session& session, wire::Events& events);
  void OnQuery(Session& session, const wire::Query& query);
  void OnDemand(Session& session, const wire::Demand& demand);
  void OnReturn(Session& session, const wire::Return& returned);
  bool MaySpeakOfMoney(Session& session, uint64_t incarnation, Allowance& allowance);
  void OnHeartbeat(Session& session, const wire::Heartbeat& heartbeat);
  void CheckClaim(Session& session, const Agent& agent, const wire::Place& claimed);
  void OnSeen(Session& session, const wire::Seen& seen);
  void OnPolicySeen(Session& session, const wire::Seen& seen);
  void OnLastSeen(Session& session, const wire::Seen& seen);
  void OnTombstones(const Session& session, const wire::Tombstones& tombstones);
  void OnMalformed(Session& session, const Error& error);

  void TellChanges();
  bool OnChanges();
  void OnAgentChanged(const std::string& id);
  void Dismiss(const wire::AgentRecord& record);
  void CutOff(Session& session);
  bool TellDecrees();
  bool TellPolicy(BootTime now);
  void AnswerQuestions();
  Acknowledgements::Holding HoldingOf(const Session& session,
                                      const Acknowledgements::Question& question) const;
  void NoteProgress(const Session& session);
  Status NoteContacts();
  void NoteInForce(const Session& session, uint64_t version);
  void TakeLeave();
  int64_t Seconds() const;
  void OnDepartures();
  void OnTime(BootTime now);
  void DeliverOutbox();
  void DeliverParcels();
  void TellRestored();

  Session& SessionOf(const bus::Incoming& incoming);
  Session* SessionOf(const std::string& agent);
  void Send(Session& session, wire::FromCollector message);
  void SendAll(Session& session, Messages messages);
  void SendFrame(Session& session, std::string_view frame);
  Status SendShared(bus::Peer peer, const std::shared_ptr<const std::string>& frame,
                    const bus::Server::Waiting& waiting);
  void SendBacklog(Session& session);
  void Reject(Session& session, const char* reason, const std::string& sentence);
  void AskForHello(Session& session, const std::string& sentence);

  Shared& shared_;
  FairQueue& queue_;
  Recorder& recorder_;
  Greeter greeter_;
  Informer informer_;
  bus::Admission admission_;
  std::unique_ptr<bus::Server> server_;
  std::map<bus::Peer, Session> sessions_;
  Courier courier_;
  uint64_t packed_policy_ = 0;                             // the version that the courier was given
  std::vector<std::pair<bus::Peer, wire::Hello>> hellos_;  // of this turn, not answered yet
  std::vector<Acknowledgements::Question> questions_;      // not answered yet
  bool hurried_ = false;                                   // pieces of a policy are to follow soon
  uint64_t greetings_ = 0;
  BootTime next_round_{};  // of OnTime
  bool told_restored_ = false;
  std::atomic<bool> changed_{true};
  std::atomic<bool> stopping_{false};
};

}  // namespace postern::intake
