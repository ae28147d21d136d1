// A whole collector but for its API, and hosts that speak with it over the real bus by hand: an honest agent
// does what the uplink does, a hostile one whatever it likes.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collector/chronicle/chronicle.h"
#include "collector/directory/directory.h"
#include "collector/intake/intake.h"
#include "collector/store/memory_store.h"
#include "shared/bus/client.h"
#include "shared/crypto/x25519.h"
#include "shared/sealing/master_key.h"
#include "tests/collector/intake/host_chain.h"
#include "tests/support/held_port.h"

namespace postern::intake {

// The secrets and the chain of one host. Copying it is cloning the machine.
struct Host {
  std::string agent;  // its id
  std::string machine = std::string(32, 'm');
  std::string life = std::string(16, 'l');
  bus::CurveKeys curve = bus::CurveKeys::Generate();
  std::shared_ptr<const crypto::SigningKey> seal_key =
      std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  std::shared_ptr<const crypto::AgreementKey> sealing_key =
      std::make_shared<crypto::AgreementKey>(crypto::AgreementKey::Generate());
  HostChain chain{seal_key, 1};   // the present one
  std::vector<wire::Mark> older;  // ends of earlier chains that it keeps
  wire::SignedMemory memory;      // the last it was given
};

class Keep {
 public:
  // Over this store; or one in memory.
  explicit Keep(std::unique_ptr<store::Store> store = store::MakeMemoryStore());
  ~Keep();

  // Ends intake, directory and chronicle; the store stays. Open begins anew over the store, at the same port.
  void Close();
  void Open(chronicle::Beginning beginning = chronicle::Beginning::kGoOn);
  void OpenStore(std::unique_ptr<store::Store> opened);

  Host Enrol(const std::string& name);
  // A key of a user in team "platform", which may use the credential "main".
  std::string MakeKey(const std::string& user);
  // The alarms of this reason that are in the record.
  size_t CountAlarms(const std::string& reason);
  bool HasAlarm(const std::string& reason);  // waits for it
  bool Until(const std::function<bool()>& condition);

  uint64_t CountStored(const std::string& agent);
  const Presence& presence() const { return intake->presence(); }
  wire::AgentRecord Record(const std::string& agent) { return *directory->agents().Find(agent); }

  const directory::Actor administrator = directory::Actor::Local("test");
  std::unique_ptr<bus::Context> context;
  bus::CurveKeys curve = bus::CurveKeys::Generate();
  std::unique_ptr<crypto::SigningKey> log_key =
      std::make_unique<crypto::SigningKey>(crypto::SigningKey::Generate());
  std::unique_ptr<sealing::MasterKey> master_key;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<chronicle::Chronicle> chronicle;
  std::unique_ptr<directory::Directory> directory;
  Decrees decrees;  // from the next Open on
  std::function<WallTime()> wall_now = WallNow;
  std::unique_ptr<Intake> intake;
  const support::HeldPort port;
};

// One connection of a host.
class Caller {
 public:
  Caller(Keep& keep, const Host& host);
  Caller(Keep& keep, const bus::CurveKeys& curve);

  bool WaitUntilConnected();
  void Say(const wire::FromAgent& message);
  void SayRaw(const std::string& frame);  // waits while the queue is full

  // The next message of this kind; others that come before it are dropped. Nothing when it doesn't come.
  std::optional<wire::FromCollector> Hear(wire::FromCollector::BodyCase kind);
  // Whatever comes next.
  std::optional<wire::FromCollector> HearAny();
  // A Hello of the host and its answer.
  std::optional<wire::Welcome> Greet(const Host& host);
  std::string GreetAndBeRejected(const Host& host);  // the reason
  // Sends the group, and what is acknowledged: "incarnation:sequence", or the reason of a rejection.
  std::string Send(Host& host, const wire::Group& group);
  std::string Send(Host& host, const std::vector<wire::Group>& groups);
  std::string HearVerdict(Host& host);

  bus::Client& client() { return *client_; }

 private:
  std::unique_ptr<bus::Client> client_;
};

wire::FromAgent HelloOf(const Host& host);
wire::FromAgent EventsOf(const std::vector<wire::Group>& groups);
wire::FromAgent HeartbeatOf(const Host& host);

// Says Hello, takes over the incarnation that it is given, and starts its chain there where that is new.
wire::Welcome Join(Caller& caller, Host& host);

}  // namespace postern::intake
