// The agent's conversation with its collector, in a thread of its own: sends the record, asks for keys, hears
// of revocations, keeps the connection.
//
//   spool ──sealed groups──▶ uplink thread ══ bus::Client ══▶ collector
//   gate  ──Ask──────────▶  (Conversation)  ──▶ membership: directory, credentials, heartbeats, memory
//   purse ──demands, returns──▶             ──▶ purse: grants, the time, another incarnation
//
// The thread never waits for a disk: what the record and the membership have to do is done by their threads,
// and they call back. Fails closed in that nothing is acknowledged to the record, and nothing learnt, but
// what the collector said.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "agent/membership/enrolment.h"
#include "agent/uplink/conversation.h"
#include "agent/uplink/ports.h"
#include "shared/base/result.h"
#include "shared/bus/client.h"
#include "shared/crypto/ed25519.h"

namespace postern::uplink {

struct Options {
  bus::ClientOptions bus;
  Self self;  // `life` is drawn by the uplink
};

// What an enrolment says of both ends.
Options OptionsOf(const membership::Enrolment& enrolment, std::string host, std::string machine,
                  std::string agent_version);

struct Stats {
  bus::ClientState connection = bus::ClientState::kConnecting;
  uint64_t connections = 0;  // ever
  bool welcomed = false;
  std::string trouble;       // why no events are sent though it is welcomed; a sentence, or empty
  uint64_t events_sent = 0;  // those that were sent again too
  uint64_t bytes_sent = 0;
  uint64_t acknowledged = 0;  // acknowledgements
};

// Thread-safe.
class Uplink {
 public:
  // All references, and what the functions refer to, must live longer. Errors as bus::Client::Connect.
  static Result<std::unique_ptr<Uplink>> Start(bus::Context& context, Options options,
                                               const crypto::SigningKey& seal_key, Record record,
                                               Memories memories, Money money = {});
  ~Uplink();  // ends the thread; waits until the record has called back

  // Asks the directory for these; what it answers goes to the membership, and from then on so does what
  // changes of them, as long as the connection lasts. kUnavailable: there is nobody to ask now; kExhausted:
  // 4,096 wait for an answer already.
  Status Ask(std::vector<std::string> key_ids, std::vector<wire::OsIdentity> os_users);

  // A demand or a return, in the order of the calls. Lost where there is no conversation.
  void Tell(wire::FromAgent message);

  Stats stats() const;

 private:
  struct State;
  explicit Uplink(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::uplink
