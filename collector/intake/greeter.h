// Answers Hello: looks up what is known of the agent, lets Judge (hello.h) decide, issues what is to be
// issued and writes the Welcome.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "collector/intake/allowance.h"
#include "collector/intake/committer.h"
#include "collector/intake/hello.h"
#include "collector/intake/recovery.h"
#include "shared/base/result.h"
#include "shared/limits/grant.h"
#include "shared/wire/conversation.h"

namespace postern::intake {

// What it says that its wallet holds.
limits::Return ReportOf(const wire::Hello& hello);

// Owned by the conversation thread.
class Greeter {
 public:
  explicit Greeter(Shared& shared) : shared_(shared) {}

  // A Rejected says why there is no Welcome. A proof that the store was restored sets Shared::restored, is
  // kept in the store and is an alarm.
  std::variant<wire::Welcome, wire::Rejected> Greet(const std::string& agent, const wire::Hello& hello);

 private:
  // The incarnation that an agent's life was issued, until it has begun it.
  struct Offer {
    std::string life;
    uint64_t incarnation = 0;
  };
  static constexpr size_t kLivesKept = 8;

  Acquaintance::Company NoteLife(const std::string& agent, const std::string& life);
  Result<Acquaintance::Epoch> ReadMemory(const std::string& agent, const wire::Hello& hello);
  Result<Acquaintance> Know(const std::string& agent, const wire::Hello& hello,
                            const wire::AgentRecord& record, Acquaintance::Company company);
  Result<std::optional<wire::Head>> HeadAt(const store::Chain& chain, uint64_t sequence);
  Result<uint64_t> Issue(const std::string& agent, const wire::Hello& hello, const wire::AgentRecord& record);
  Result<wire::Welcome> Write(const std::string& agent, const wire::Hello& hello, uint64_t incarnation,
                              const Judgement& judgement);
  Status Quarantine(const std::string& agent, const wire::Hello& hello, const Judgement& judgement);

  Shared& shared_;
  // By agent: as many as are enrolled.
  std::map<std::string, std::deque<std::string>> lives_;
  std::map<std::string, Offer> offers_;
  std::map<std::string, Allowance> issues_;
};

}  // namespace postern::intake
