// The thread that speaks with agents: receives each frame, gives events to the verifier, answers the rest,
// and sends what the other threads and the directory have for them.
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

#include "collector/intake/committer.h"
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
  Conversation(Shared& shared, FairQueue& queue, Recorder& recorder, Informer::Timing timing)
      : shared_(shared), queue_(queue), recorder_(recorder), greeter_(shared), informer_(shared, timing) {}

  // Lets in all agents that the directory has, and listens. Errors as bus::Server::Listen and the store.
  Status Start(bus::ServerOptions options);

  // Until Stop was called and `drained` is true: from Stop on nothing more is received, but what was stored
  // is still acknowledged.
  void Run(const std::atomic<bool>& drained);

  // From any thread.
  void Wake() { server_->Wake(); }
  void NoteChange();  // of the directory
  void Stop();

  uint16_t port() const { return server_->port(); }
  bus::ServerStats bus_stats() const { return server_->stats(); }

 private:
  Status LetIn();
  void Admit(const wire::AgentRecord& record);

  void Receive();
  void OnFrame(const bus::Incoming& incoming);
  void OnMessage(Session& session, wire::FromAgent& message);
  void OnHello(Session& session, const wire::Hello& hello);
  void OnEvents(Session& session, wire::Events& events);
  void OnQuery(Session& session, const wire::Query& query);
  void OnHeartbeat(Session& session, const wire::Heartbeat& heartbeat);
  void CheckClaim(Session& session, const Agent& agent, const wire::Place& claimed);
  void OnSeen(Session& session, const wire::Seen& seen);
  void OnTombstones(const Session& session, const wire::Tombstones& tombstones);
  void OnMalformed(Session& session, const Error& error);

  void TellChanges();
  void OnChanges();
  void OnAgentChanged(const std::string& id);
  void OnDepartures();
  void OnTime(BootTime now);
  void DeliverOutbox();
  void TellRestored();

  Session& SessionOf(const bus::Incoming& incoming);
  Session* SessionOf(const std::string& agent);
  void Send(Session& session, wire::FromCollector message);
  void SendAll(Session& session, Messages messages);
  void SendFrame(Session& session, std::string frame);
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
  uint64_t greetings_ = 0;
  BootTime next_round_{};  // of OnTime
  bool told_restored_ = false;
  std::atomic<bool> changed_{true};
  std::atomic<bool> stopping_{false};
};

}  // namespace postern::intake
