// Reads chains, records, the ledger and what was set aside, each from a view of one moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/layout.h"
#include "collector/store/types.h"
#include "shared/base/result.h"
#include "shared/kv/view.h"

namespace postern::store {

Result<Leaf> Locate(const kv::View& view, const std::string& agent, uint64_t incarnation, uint64_t sequence);
Result<std::vector<Chain>> Chains(const kv::View& view, const std::string& agent);
Result<std::vector<crypto::Digest>> Digests(const kv::View& view, const std::string& agent,
                                            uint64_t incarnation, uint64_t first, size_t limit);

Result<std::vector<SetAside>> ListSetAside(const kv::View& view, const std::string& agent, size_t limit);
Result<uint64_t> CountSetAside(const kv::View& view);

Result<std::optional<Record>> GetRecord(const kv::View& view, RecordKind kind, const std::string& id);
Result<RecordPage> ListRecords(const kv::View& view, RecordKind kind, const std::optional<std::string>& label,
                               const std::optional<std::string>& last, size_t limit);
Result<std::vector<Record>> ChangedSince(const kv::View& view, uint64_t revision, size_t limit);

Result<LedgerPage> ListLedger(const kv::View& view, const std::optional<std::string>& last, size_t limit);
Result<uint64_t> LedgerVersion(const kv::View& view);

// Of the newest change.
Result<uint64_t> Revision(const kv::View& view);

// The first leaf of this kind whose body may still be there.
Result<uint64_t> NextBody(const kv::View& view, const std::string& kind);

}  // namespace postern::store
