#include "tests/agent/uplink/chain_record.h"

#include <algorithm>

#include "shared/base/clock.h"
#include "shared/crypto/random.h"

namespace postern::uplink {

ChainRecord::ChainRecord(uint64_t incarnation, std::string machine, crypto::SigningKey key)
    : key_(std::move(key)), machine_(std::move(machine)) {
  Begin(incarnation);
}

void ChainRecord::Begin(uint64_t incarnation) {
  wire::Event event;
  wire::Start& start = *event.mutable_start();
  start.set_public_key(std::string(key_.public_key().raw()));
  start.set_machine(machine_);
  if (!chains_.empty()) {
    start.set_previous_incarnation(chains_.back().incarnation);
    start.set_previous_head(std::string(crypto::AsBytes(chains_.back().head)));
  }
  chains_.emplace_back().incarnation = incarnation;
  Stage(std::move(event));
  SealNow();
}

void ChainRecord::Stage(wire::Event event) {
  Chain& chain = chains_.back();
  uint8_t salt[16];
  crypto::RandomBytes(salt);
  event.set_version(wire::kEventVersion);
  event.set_salt(salt, sizeof(salt));
  event.set_incarnation(chain.incarnation);
  event.set_sequence(chain.events.size() + 1);
  if (event.wall_time() == 0) event.set_wall_time(WallNow().time_since_epoch().count());
  event.set_boot_time(static_cast<uint64_t>(BootClock::now().time_since_epoch().count()));
  chain.events.push_back(event.SerializeAsString());
  chain.head = wire::Extend(chain.head, chain.events.back());
}

void ChainRecord::SealNow() {
  Chain& chain = chains_.back();
  const uint64_t first = chain.seals.empty() ? 1 : chain.seals.back().end.sequence + 1;
  const wire::Place end{chain.incarnation, chain.events.size(), chain.head};
  const wire::Statement statement{chain.incarnation, first, end.sequence, end.head};
  chain.seals.push_back({first, end, wire::MakeSeal(statement, key_).SerializeAsString()});
}

void ChainRecord::Append(int events, size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < events; ++i) {
      wire::Event event;
      event.mutable_refusal()->set_reason("no_key");
      // Longer than any real field, so that few events make a large group.
      event.mutable_refusal()->set_user_agent(std::string(bytes, 'x'));
      Stage(std::move(event));
    }
    SealNow();
  }
  Changed();
}

void ChainRecord::Append(wire::Event event) {
  {
    const std::lock_guard lock(mutex_);
    Stage(std::move(event));
    SealNow();
  }
  Changed();
}

void ChainRecord::Changed() {
  const std::lock_guard lock(call_mutex_);
  if (on_sealed_) on_sealed_();
}

spool::Standpoint ChainRecord::standpoint() const {
  const std::lock_guard lock(mutex_);
  spool::Standpoint standpoint;
  for (const Chain& chain : chains_) {
    standpoint.kept.push_back({chain.incarnation, chain.events.size(), chain.head});
    standpoint.unacknowledged += chain.events.size() - chain.acknowledged;
  }
  standpoint.now = standpoint.kept.back();
  return standpoint;
}

uint64_t ChainRecord::acknowledged(uint64_t incarnation) const {
  const std::lock_guard lock(mutex_);
  for (const Chain& chain : chains_)
    if (chain.incarnation == incarnation) return chain.acknowledged;
  return 0;
}

std::vector<std::string> ChainRecord::events(uint64_t incarnation) const {
  const std::lock_guard lock(mutex_);
  for (const Chain& chain : chains_)
    if (chain.incarnation == incarnation) return chain.events;
  return {};
}

Result<std::vector<spool::SealedGroup>> ChainRecord::Read(const wire::Place& after, size_t max_bytes) const {
  const std::lock_guard lock(mutex_);
  size_t at = 0;
  uint64_t sequence = after.sequence;
  if (after.incarnation == 0) {
    while (at + 1 < chains_.size() && chains_[at].acknowledged == chains_[at].events.size()) ++at;
    sequence = chains_[at].acknowledged;
  } else {
    while (at < chains_.size() && chains_[at].incarnation != after.incarnation) ++at;
    if (at == chains_.size()) return Error{ErrorCode::kNotFound, "there is no such chain"};
  }
  std::vector<spool::SealedGroup> groups;
  size_t bytes = 0;
  for (; at < chains_.size(); ++at, sequence = 0) {
    const Chain& chain = chains_[at];
    for (const Seal& seal : chain.seals) {
      if (seal.end.sequence <= sequence) continue;
      spool::SealedGroup group;
      group.first_sequence = std::max(seal.first, sequence + 1);
      group.events.assign(chain.events.begin() + static_cast<ptrdiff_t>(group.first_sequence - 1),
                          chain.events.begin() + static_cast<ptrdiff_t>(seal.end.sequence));
      group.seal = seal.bytes;
      group.end = seal.end;
      bytes += group.bytes();
      if (!groups.empty() && bytes > max_bytes) return groups;
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

Status ChainRecord::Take(const std::vector<wire::Place>& marks, spool::Spool::Claim claim) {
  const std::lock_guard lock(mutex_);
  for (const wire::Place& mark : marks) {
    for (Chain& chain : chains_) {
      if (chain.incarnation != mark.incarnation) continue;
      if (mark.sequence > chain.events.size()) return Error{ErrorCode::kInvalid, "the chain isn't so long"};
      const bool exactly = claim == spool::Spool::Claim::kExactly;
      chain.acknowledged = exactly ? mark.sequence : std::max(chain.acknowledged, mark.sequence);
    }
  }
  return Ok{};
}

Record ChainRecord::record() {
  Record record;
  record.standpoint = [this] { return standpoint(); };
  record.read_groups = [this](spool::Mark after, size_t max_bytes, auto done) {
    done(Read(after, max_bytes));
  };
  record.acknowledge = [this](std::vector<spool::Mark> marks, spool::Spool::Claim claim, auto done) {
    done(Take(marks, claim));
  };
  record.begin_incarnation = [this](uint64_t incarnation, auto done) {
    {
      const std::lock_guard lock(mutex_);
      if (chains_.back().incarnation != incarnation) Begin(incarnation);
    }
    Changed();
    done(Ok{});
  };
  record.on_sealed = [this](std::function<void()> call) {
    const std::lock_guard lock(call_mutex_);
    on_sealed_ = std::move(call);
  };
  return record;
}

}  // namespace postern::uplink
