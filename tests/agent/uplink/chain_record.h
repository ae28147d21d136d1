// A host's record in memory, with real chains and real seals: what a spool is to the uplink, without a disk.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "agent/uplink/ports.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/chain.h"
#include "shared/wire/event.h"

namespace postern::uplink {

// Thread-safe.
class ChainRecord {
 public:
  // Its first chain begins with a sealed start.
  explicit ChainRecord(uint64_t incarnation = 0xA1, std::string machine = std::string(32, 'm'),
                       crypto::SigningKey key = crypto::SigningKey::Generate());

  Record record();  // calls back at once, in the caller's thread
  const crypto::SigningKey& key() const { return key_; }
  const std::string& machine() const { return machine_; }

  // So many events and a seal over them; each event is about so large.
  void Append(int events, size_t bytes = 100);
  // One event as it is, but for its head, and a seal.
  void Append(wire::Event event);

  spool::Standpoint standpoint() const;
  uint64_t acknowledged(uint64_t incarnation) const;  // a sequence
  // The events of a chain, exactly as they are sealed.
  std::vector<std::string> events(uint64_t incarnation) const;

 private:
  struct Seal {
    uint64_t first = 0;
    wire::Place end;
    std::string bytes;
  };
  struct Chain {
    uint64_t incarnation = 0;
    std::vector<std::string> events;
    std::vector<Seal> seals;
    wire::Head head{};
    uint64_t acknowledged = 0;
  };
  void Begin(uint64_t incarnation);
  void Stage(wire::Event event);
  void SealNow();
  void Changed();
  Result<std::vector<spool::SealedGroup>> Read(const wire::Place& after, size_t max_bytes) const;
  Status Take(const std::vector<wire::Place>& marks, spool::Spool::Claim claim);

  const crypto::SigningKey key_;
  const std::string machine_;
  mutable std::mutex mutex_;
  std::vector<Chain> chains_;
  std::mutex call_mutex_;
  std::function<void()> on_sealed_;
};

}  // namespace postern::uplink
