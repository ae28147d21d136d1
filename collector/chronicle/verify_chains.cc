#include "collector/chronicle/verify_chains.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "shared/base/hex.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/chain.h"
#include "shared/wire/directory.pb.h"
#include "shared/wire/event.h"

namespace postern::chronicle {
namespace {

constexpr size_t kBatch = 256;
using ChainKey = std::pair<std::string, uint64_t>;

std::string Name(uint64_t incarnation) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(incarnation >> shift);
  return ToHex(bytes);
}

std::string Name(const ChainKey& key) { return "agent " + key.first + ", incarnation " + Name(key.second); }

// One pass over the log, and then over the chains' ends.
class ChainWalk {
 public:
  ChainWalk(store::Store& store, const crypto::PublicKey* log_key) : store_(store), log_key_(log_key) {}

  Result<ChainsVerdict> Run(const std::function<void(uint64_t, uint64_t)>& progress) {
    RETURN_IF_ERROR(ReadAgents());
    const uint64_t total = store_.stats().log_size;
    while (verdict_.entries < total) {
      const uint64_t first = verdict_.entries;
      ASSIGN_OR_RETURN(const auto entries, store_.Entries(store::Leaf{first}, kBatch));
      if (entries.empty()) {
        Report("the log ends at entry " + std::to_string(first) + " of " + std::to_string(total));
        break;
      }
      RETURN_IF_ERROR(ReadBatch(first, entries));
      if (progress) progress(verdict_.entries, total);
    }
    for (const auto& [agent, key] : seal_keys_) RETURN_IF_ERROR(CheckEnds(agent));
    for (const auto& [key, walked] : walked_) {
      if (!walked.ended) Report(Name(key) + ": the log has events of it, but it is no chain");
    }
    return std::move(verdict_);
  }

 private:
  struct Walked {
    std::vector<store::Hole> holes;
    uint64_t sequence = 0;
    wire::Head head{};
    bool ended = false;  // compared with the chain that the store has
  };

  void Report(std::string problem) {
    if (verdict_.problems.size() < ChainsVerdict::kMaxProblems)
      verdict_.problems.push_back(std::move(problem));
    else ++verdict_.more_problems;
  }

  // The keys of records; that an Enrolment says the same is looked at where it is met.
  Status ReadAgents() {
    seal_keys_[store::kCollector] = std::nullopt;
    std::optional<store::Cursor> cursor;
    do {
      ASSIGN_OR_RETURN(const auto page, store_.List(store::RecordKind::kAgent, std::nullopt, cursor, kBatch));
      for (const store::Record& record : page.records) {
        wire::AgentRecord agent;
        if (!agent.ParseFromString(record.bytes)) Report("the record of agent " + record.id + " is damaged");
        seal_keys_[record.id] = agent.seal_key();
      }
      cursor = page.next;
    } while (cursor);
    return Ok{};
  }

  Status ReadBatch(uint64_t first, const std::vector<store::Entry>& entries) {
    std::vector<store::Leaf> leaves;
    for (uint64_t i = 0; i < entries.size(); ++i) leaves.push_back(store::Leaf{first + i});
    ASSIGN_OR_RETURN(const auto events, store_.Events(leaves));
    for (size_t i = 0; i < entries.size(); ++i) {
      const std::string& bytes = i < events.size() ? events[i].bytes : std::string();
      if (const auto problem = AddEntry(entries[i], bytes)) {
        Report("entry " + std::to_string(first + i) + " (" +
               Name(ChainKey{entries[i].agent, entries[i].incarnation}) + ", event " +
               std::to_string(entries[i].sequence) + "): " + *problem);
      }
    }
    verdict_.entries += entries.size();
    return Ok{};
  }

  std::optional<std::string> AddEntry(const store::Entry& entry, const std::string& bytes) {
    const ChainKey key{entry.agent, entry.incarnation};
    auto found = walked_.find(key);
    if (found == walked_.end()) {
      seal_keys_.try_emplace(entry.agent, std::nullopt);
      Walked walked;
      if (auto chain = store_.FindChain(entry.agent, entry.incarnation); chain && *chain)
        walked.holes = (*chain)->holes;
      found = walked_.emplace(key, std::move(walked)).first;
    }
    Walked& walked = found->second;
    SkipHoles(walked);
    const uint64_t expected = walked.sequence + 1;
    walked.sequence = entry.sequence;
    const crypto::Digest& digest = entry.event;
    std::string both(crypto::AsBytes(walked.head));
    walked.head = crypto::Sha256(both.append(crypto::AsBytes(digest)));
    if (entry.sequence != expected) return "event " + std::to_string(expected) + " was expected";
    if (bytes.empty()) return std::nullopt;
    ++verdict_.bodies;
    if (crypto::Sha256(bytes) != digest) return "its body isn't what was hashed";
    return CheckBody(entry, bytes);
  }

  static void SkipHoles(Walked& walked) {
    for (const store::Hole& hole : walked.holes) {
      if (hole.first != walked.sequence + 1) continue;
      walked.sequence = hole.last;
      walked.head = hole.head;
    }
  }

  std::optional<std::string> CheckBody(const store::Entry& entry, const std::string& bytes) {
    wire::Event event;
    if (!event.ParseFromString(bytes)) return "its body is no event";
    if (event.incarnation() != entry.incarnation || event.sequence() != entry.sequence)
      return "its body names another place";
    const bool begins = event.has_start() || event.has_collector_start();
    if (entry.sequence == 1 && !begins) return "an incarnation doesn't begin with a start";
    if (entry.agent == store::kCollector && event.has_collector_start())
      start_keys_[entry.incarnation] = event.collector_start().public_key();
    if (entry.agent != store::kCollector || !event.has_enrolment()) return std::nullopt;
    std::optional<std::string>& key = seal_keys_[event.enrolment().agent()];
    if (key && *key != event.enrolment().seal_key())
      return "agent " + event.enrolment().agent() + " joined with another key than its record has";
    key = event.enrolment().seal_key();
    return std::nullopt;
  }

  Status CheckEnds(const std::string& agent) {
    ASSIGN_OR_RETURN(const auto chains, store_.Chains(agent));
    for (const store::Chain& chain : chains) {
      ++verdict_.chains;
      const ChainKey key{agent, chain.incarnation};
      Walked& walked = walked_[key];
      walked.holes = chain.holes;
      SkipHoles(walked);
      walked.ended = true;
      if (const auto problem = CheckEnd(chain, walked)) Report(Name(key) + ": " + *problem);
    }
    return Ok{};
  }

  std::optional<std::string> CheckEnd(const store::Chain& chain, const Walked& walked) const {
    if (chain.sequence != walked.sequence)
      return "it should end at event " + std::to_string(chain.sequence) + ", but the log has it up to " +
             std::to_string(walked.sequence);
    if (chain.head != walked.head) return "its head isn't that of its events";
    if (chain.sequence == 0) return std::nullopt;
    const bool is_end_of_ours = chain.agent == store::kCollector && !chain.closed;
    if (is_end_of_ours && log_key_ != nullptr && chain.seal_key != log_key_->raw())
      return "its key isn't this collector's log key";
    if (chain.seal_key != EnrolledKey(chain)) return "its key isn't the one that its agent joined with";
    const auto key = crypto::PublicKey::FromBytes(chain.seal_key);
    wire::Seal seal;
    if (!key || !seal.ParseFromString(chain.seal)) return "it has no seal";
    if (!wire::VerifySeal(seal, *key)) return "its seal's signature is wrong";
    if (seal.incarnation() != chain.incarnation || seal.last_sequence() != chain.sequence ||
        seal.head() != crypto::AsBytes(chain.head))
      return "its seal is over something else";
    return std::nullopt;
  }

  // The collector's own incarnations may have different keys; each names its own.
  std::string EnrolledKey(const store::Chain& chain) const {
    if (chain.agent == store::kCollector) {
      const auto found = start_keys_.find(chain.incarnation);
      return found == start_keys_.end() ? chain.seal_key : found->second;
    }
    const auto found = seal_keys_.find(chain.agent);
    return found == seal_keys_.end() ? "" : found->second.value_or("");
  }

  store::Store& store_;
  const crypto::PublicKey* const log_key_;
  ChainsVerdict verdict_;
  std::map<ChainKey, Walked> walked_;
  std::map<std::string, std::optional<std::string>> seal_keys_;  // by agent
  std::map<uint64_t, std::string> start_keys_;                   // by incarnation of the collector's chain
};

}  // namespace

Result<ChainsVerdict> VerifyChains(store::Store& store,
                                   const std::function<void(uint64_t, uint64_t)>& progress,
                                   const crypto::PublicKey* log_key) {
  return ChainWalk(store, log_key).Run(progress);
}

}  // namespace postern::chronicle
