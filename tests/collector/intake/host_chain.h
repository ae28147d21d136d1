// A chain as an agent makes it, in memory: events, heads, seals, groups. Copying one is cloning a machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "shared/crypto/ed25519.h"
#include "shared/wire/conversation.h"
#include "shared/wire/event.pb.h"

namespace postern::intake {

class HostChain {
 public:
  HostChain(std::shared_ptr<const crypto::SigningKey> key, uint64_t incarnation);

  HostChain& Start();  // the first event; Group() gives it too
  // An intent and its outcome: 100 tokens in, 10 out, 5 nano-dollars.
  HostChain& Exchange(const std::string& user);
  HostChain& Intent(const std::string& user, uint8_t exchange);
  HostChain& Outcome(uint8_t exchange);
  // Any event; its place is filled in.
  HostChain& Add(wire::Event event);
  HostChain& AddRaw(const std::string& bytes);

  // What was added since the last seal, and a seal over it.
  wire::Group Group();
  // As Group, of an older part: the events first … last, with a seal over the last of them.
  wire::Group GroupOf(uint64_t first, uint64_t last) const;
  std::string SealAt(uint64_t sequence) const;

  wire::Place now() const { return PlaceAt(heads_.size() - 1); }
  wire::Place PlaceAt(uint64_t sequence) const { return {incarnation_, sequence, heads_[sequence]}; }
  uint64_t incarnation() const { return incarnation_; }
  const crypto::SigningKey& key() const { return *key_; }
  const std::string& event(uint64_t sequence) const { return events_[sequence - 1]; }

 private:
  std::shared_ptr<const crypto::SigningKey> key_;
  uint64_t incarnation_;
  uint8_t exchanges_ = 100;
  std::vector<std::string> events_;
  std::vector<wire::Head> heads_{wire::kFirstHead};
  uint64_t sealed_ = 0;
};

}  // namespace postern::intake
