// What the embedded engine's store holds, and under which keys. README.md is the same for people, with a
// worked example that a test keeps true.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "collector/store/coding.h"
#include "collector/store/types.h"
#include "shared/kv/store.h"

namespace postern::store {

constexpr uint32_t kFormat = 2;

// The families, in the order of StoreOptions.
constexpr kv::Family kMeta{0};       // hours, bodies, set-aside groups and the ledger: how far they go
constexpr kv::Family kEntries{1};    // leaf → a segment of entries
constexpr kv::Family kFacts{2};      // leaf → the facts and spending of the same segment
constexpr kv::Family kBodies{3};     // leaf → an event's exact bytes
constexpr kv::Family kPlaces{4};     // chain, sequence → the leaf where a segment begins
constexpr kv::Family kChains{5};     // chain → Chain
constexpr kv::Family kIndex{6};      // axis, value, block → runs of leaves
constexpr kv::Family kSums{7};       // hour or day, dimensions → Spending
constexpr kv::Family kDirectory{8};  // records, labels, changes
constexpr kv::Family kAside{9};      // agent, number → what didn't verify
constexpr kv::Family kLedger{10};    // opaque, of collector/treasury; since format 2
constexpr uint32_t kFamilies = 11;

inline kv::Options StoreOptions(std::shared_ptr<kv::Faults> faults = nullptr) {
  return {.families = {"meta",
                       "entries",
                       "facts",
                       "bodies",
                       "places",
                       "chains",
                       {"index", kv::MergeRule::kAppend},
                       {"sums", kv::MergeRule::kAddNumbers},
                       "directory",
                       "aside",
                       "ledger"},
          .format = kFormat,
          .what = "the collector's store",
          .faults = std::move(faults),
          .profile = kv::Profile::kServer};
}

// A segment is a stretch of one commit's entries that follow each other in one chain: what they share is kept
// once.
constexpr size_t kMaxSegment = 256;

// Index rows speak of the leaves of one block.
constexpr uint64_t kBlock = 1 << 14;
constexpr uint32_t BlockOf(uint64_t leaf) { return static_cast<uint32_t>(leaf / kBlock); }

// What can be asked for. The numbers are in the keys.
enum class Axis : uint8_t {
  kTime = 0,
  kOrganisation = 1,
  kTeam = 2,
  kUser = 3,
  kKey = 4,
  kModel = 5,
  kSession = 6,
  kHost = 7,
  kKind = 8,
  kAgent = 9,
  kDecision = 10,
};
constexpr size_t kAxes = 11;

std::string LeafKey(uint64_t leaf);
std::string ChainsPrefix(std::string_view agent);
std::string ChainKey(std::string_view agent, uint64_t incarnation);
std::string PlaceKey(std::string_view agent, uint64_t incarnation, uint64_t sequence);
std::string IndexPrefix(Axis axis, std::string_view value);        // then a block, 4 bytes
std::string TimePrefix(uint32_t block);                            // then an hour
std::string RecordsPrefix(RecordKind kind);                        // then an id
std::string LabelPrefix(RecordKind kind, std::string_view label);  // then an id
std::string ChangesPrefix();                                       // then a revision, a kind and an id
std::string ChangeKey(uint64_t revision, RecordKind kind, std::string_view id);
std::string AsidePrefix(std::string_view agent);  // then a number

// In kMeta.
std::string HoursPrefix();  // then an hour → the first and last block that have an event of it
std::string AsideTotalsPrefix();
std::string AsideTotalsKey(std::string_view agent);
std::string RemovedKey(std::string_view kind);  // → the first leaf whose body may still be there
std::string LedgerVersionKey();                 // → the ledger's version, a number

// The shape of sums' keys.
enum class Grain : uint8_t { kDay = 0, kHour = 1 };
constexpr size_t kSumTexts = 6;  // organisation, team, user, key, model, host
std::string SumPrefix(Grain grain, Hour hour);

std::string EncodeSpending(const Spending& spending);
bool DecodeSpending(std::string_view bytes, Spending& spending);

std::string EncodeChain(const Chain& chain);
Result<Chain> DecodeChain(std::string_view key, std::string_view value);

std::string EncodeRecord(const Record& record);
Result<Record> DecodeRecord(RecordKind kind, std::string_view id, std::string_view value);

std::string EncodeSetAside(const SetAside& group);
Result<SetAside> DecodeSetAside(std::string_view agent, std::string_view value);

// How much is set aside of one agent: the numbers first … next−1.
struct AsideTotals {
  uint64_t first = 0;
  uint64_t next = 0;
  uint64_t bytes = 0;

  uint64_t count() const { return next - first; }
  std::string Encode() const;
  static Result<AsideTotals> Decode(std::string_view value);
};

// The first and last block that have an event of an hour.
struct HourBounds {
  uint32_t first = 0;
  uint32_t last = 0;

  std::string Encode() const;
  static Result<HourBounds> Decode(std::string_view value);
};

}  // namespace postern::store
