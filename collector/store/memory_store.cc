#include "collector/store/memory_store.h"

#include <algorithm>
#include <map>
#include <utility>

#include "collector/store/hours.h"
#include "collector/store/memory_state.h"
#include "collector/store/page_cursor.h"
#include "collector/store/rules.h"
#include "shared/base/guarded.h"

namespace postern::store {
namespace {

template <class T>
bool Holds(const std::optional<T>& wanted, const T& is) {
  return !wanted || *wanted == is;
}

bool Matches(const EventFilter& filter, uint64_t leaf, const NewEvent& event) {
  const EventFacts& facts = event.facts;
  return (!filter.after || leaf > static_cast<uint64_t>(*filter.after)) &&
         (!filter.from || facts.time >= *filter.from) && (!filter.to || facts.time < *filter.to) &&
         Holds(filter.organisation, facts.organisation) && Holds(filter.team, facts.team) &&
         Holds(filter.user, facts.user) && Holds(filter.key, facts.key) && Holds(filter.model, facts.model) &&
         Holds(filter.session, facts.session) && Holds(filter.host, facts.host) &&
         Holds(filter.kind, facts.kind) && Holds(filter.agent, event.entry.agent) &&
         Holds(filter.decision, facts.decision);
}

std::string ValueOf(Dimension dimension, const EventFacts& facts) {
  switch (dimension) {
    case Dimension::kOrganisation: return facts.organisation;
    case Dimension::kTeam: return facts.team;
    case Dimension::kUser: return facts.user;
    case Dimension::kKey: return facts.key;
    case Dimension::kModel: return facts.model;
    case Dimension::kHost: return facts.host;
    case Dimension::kDay: return DayName(HourOf(facts.time));
    case Dimension::kHour: return HourName(HourOf(facts.time));
  }
  return {};
}

StoredEvent Stored(uint64_t leaf, const NewEvent& event) {
  return {.leaf = Leaf{leaf}, .entry = event.entry, .facts = event.facts, .bytes = event.bytes};
}

class MemoryStore : public Store {
 public:
  Result<Receipt> Commit(const Change& change) override {
    RETURN_IF_ERROR(CheckRules(change));
    return state_.With([&](MemoryState& state) { return Apply(state, change); });
  }

  Result<std::vector<Entry>> Entries(Leaf first, size_t limit) override {
    return state_.With([&](const MemoryState& state) -> Result<std::vector<Entry>> {
      std::vector<Entry> entries;
      for (uint64_t leaf = static_cast<uint64_t>(first);
           leaf < state.events.size() && entries.size() < std::min(limit, kMaxPage); ++leaf) {
        entries.push_back(state.events[leaf].entry);
      }
      return entries;
    });
  }

  Result<std::vector<StoredEvent>> Events(const std::vector<Leaf>& leaves) override {
    return state_.With([&](const MemoryState& state) -> Result<std::vector<StoredEvent>> {
      std::vector<StoredEvent> events;
      for (const Leaf leaf : leaves) {
        const auto index = static_cast<uint64_t>(leaf);
        if (index >= state.events.size()) return Error{ErrorCode::kNotFound, "the log has no such entry"};
        events.push_back(Stored(index, state.events[index]));
      }
      return events;
    });
  }

  Result<Leaf> Locate(const std::string& agent, uint64_t incarnation, uint64_t sequence) override {
    return state_.With([&](const MemoryState& state) -> Result<Leaf> {
      const auto found = state.places.find({agent, incarnation, sequence});
      if (found == state.places.end()) return Error{ErrorCode::kNotFound, "the log has no such event"};
      return found->second;
    });
  }

  Result<uint64_t> RemoveBodies(WallTime before, const std::vector<std::string>& kinds) override {
    return state_.With([&](MemoryState& state) -> Result<uint64_t> {
      uint64_t removed = 0;
      for (const std::string& kind : kinds) {
        for (NewEvent& event : state.events) {
          if (event.facts.kind != kind) continue;
          if (event.entry.received_at >= before) break;
          if (!event.bytes.empty()) ++removed;
          event.bytes.clear();
        }
      }
      return removed;
    });
  }

  Result<std::optional<Chain>> FindChain(const std::string& agent, uint64_t incarnation) override {
    return state_.With([&](const MemoryState& state) -> Result<std::optional<Chain>> {
      const auto found = state.chains.find({agent, incarnation});
      if (found == state.chains.end()) return std::optional<Chain>();
      return std::optional(found->second);
    });
  }

  Result<std::vector<Chain>> Chains(const std::string& agent) override {
    return state_.With([&](const MemoryState& state) -> Result<std::vector<Chain>> {
      std::vector<Chain> chains;
      for (const auto& [key, chain] : state.chains) {
        if (key.first == agent) chains.push_back(chain);
      }
      return chains;
    });
  }

  Result<std::vector<crypto::Digest>> Digests(const std::string& agent, uint64_t incarnation, uint64_t first,
                                              size_t limit) override {
    return state_.With([&](const MemoryState& state) -> Result<std::vector<crypto::Digest>> {
      std::vector<crypto::Digest> digests;
      for (uint64_t sequence = first; digests.size() < std::min(limit, kMaxPage); ++sequence) {
        const auto found = state.places.find({agent, incarnation, sequence});
        if (found == state.places.end()) break;
        digests.push_back(state.events[static_cast<uint64_t>(found->second)].entry.event);
      }
      return digests;
    });
  }

  Result<std::vector<SetAside>> ListSetAside(const std::string& agent, size_t limit) override {
    return state_.With([&](const MemoryState& state) -> Result<std::vector<SetAside>> {
      const auto found = state.set_aside.find(agent);
      if (found == state.set_aside.end()) return std::vector<SetAside>();
      std::vector<SetAside> groups(found->second.rbegin(), found->second.rend());
      groups.resize(std::min({groups.size(), limit, kMaxPage}));
      return groups;
    });
  }

  Result<EventPage> Find(const EventFilter& asked, const std::optional<Cursor>& cursor,
                         size_t limit) override {
    RETURN_IF_ERROR(CheckRules(asked));
    std::optional<uint64_t> last;
    if (cursor) {
      ASSIGN_OR_RETURN(const Leaf leaf, ReadCursor(asked, *cursor));
      last = static_cast<uint64_t>(leaf);
    }
    return state_.With([&](const MemoryState& state) -> Result<EventPage> {
      const EventFilter filter = Cut(asked);
      std::vector<uint64_t> found;
      for (uint64_t leaf = 0; leaf < state.events.size(); ++leaf) {
        if (Matches(filter, leaf, state.events[leaf])) found.push_back(leaf);
      }
      const bool newest_first = filter.order == Order::kNewestFirst;
      if (newest_first) std::reverse(found.begin(), found.end());
      if (last)
        std::erase_if(found, [&](uint64_t leaf) { return newest_first ? leaf >= *last : leaf <= *last; });
      EventPage page;
      const size_t size = std::min({found.size(), limit, kMaxPage});
      for (size_t i = 0; i < size; ++i) page.events.push_back(Stored(found[i], state.events[found[i]]));
      if (size > 0 && size < found.size()) page.next = MakeCursor(asked, Leaf{found[size - 1]});
      return page;
    });
  }

  Result<std::vector<SumRow>> Sum(const SumQuery& query) override {
    RETURN_IF_ERROR(CheckRules(query));
    return state_.With([&](const MemoryState& state) -> Result<std::vector<SumRow>> {
      const EventFilter filter = Cut(query.filter);
      std::map<std::vector<std::string>, Spending> sums;
      for (const NewEvent& event : state.events) {
        const Hour hour = HourOf(event.facts.time);
        if (hour < HourOf(query.from) || hour >= HourAtOrAfter(query.to)) continue;
        if (event.spending == Spending{} || !Matches(filter, 0, event)) continue;
        std::vector<std::string> values;
        for (const Dimension dimension : query.by) values.push_back(ValueOf(dimension, event.facts));
        Add(sums[values], event.spending);
      }
      std::vector<SumRow> rows;
      for (auto& [values, spending] : sums) rows.push_back({values, spending});
      return rows;
    });
  }

  Result<std::optional<Record>> Get(RecordKind kind, const std::string& id) override {
    return state_.With([&](const MemoryState& state) -> Result<std::optional<Record>> {
      const auto found = state.records.find({kind, id});
      if (found == state.records.end()) return std::optional<Record>();
      return std::optional(found->second);
    });
  }

  Result<RecordPage> List(RecordKind kind, const std::optional<std::string>& label,
                          const std::optional<Cursor>& cursor, size_t limit) override {
    std::string last;
    if (cursor) {
      ASSIGN_OR_RETURN(last, ReadCursor(kind, label, *cursor));
    }
    return state_.With([&](const MemoryState& state) -> Result<RecordPage> {
      RecordPage page;
      for (auto it = state.records.upper_bound({kind, last});
           it != state.records.end() && it->first.first == kind; ++it) {
        const Record& record = it->second;
        if (label && std::find(record.labels.begin(), record.labels.end(), *label) == record.labels.end())
          continue;
        if (page.records.size() == std::min(limit, kMaxPage)) {
          if (!page.records.empty()) page.next = MakeCursor(kind, label, page.records.back().id);
          break;
        }
        page.records.push_back(record);
      }
      return page;
    });
  }

  Result<std::vector<Record>> ChangedSince(uint64_t revision, size_t limit) override {
    return state_.With([&](const MemoryState& state) -> Result<std::vector<Record>> {
      std::vector<Record> changed;
      for (const auto& [key, record] : state.records) {
        if (record.revision > revision) changed.push_back(record);
      }
      std::stable_sort(changed.begin(), changed.end(),
                       [](const Record& a, const Record& b) { return a.revision < b.revision; });
      size_t size = std::min({changed.size(), limit, kMaxPage});
      while (size > 0 && size < changed.size() && changed[size].revision == changed[size - 1].revision)
        ++size;
      changed.resize(size);
      return changed;
    });
  }

  Result<LedgerPage> ListLedger(const std::optional<Cursor>& cursor, size_t limit) override {
    return state_.With([&](const MemoryState& state) -> Result<LedgerPage> {
      LedgerPage page{.version = state.ledger_version};
      for (auto row = cursor ? state.ledger.upper_bound(*cursor) : state.ledger.begin();
           row != state.ledger.end(); ++row) {
        if (page.rows.size() == std::min(limit, kMaxPage)) {
          if (!page.rows.empty()) page.next = page.rows.back().key;
          break;
        }
        page.rows.push_back({.key = row->first, .value = row->second});
      }
      return page;
    });
  }

  StoreStats stats() override {
    return state_.With([](const MemoryState& state) {
      StoreStats stats{
          .log_size = state.events.size(), .revision = state.revision, .ledger = state.ledger_version};
      for (const auto& [agent, groups] : state.set_aside) stats.set_aside += groups.size();
      return stats;
    });
  }

  Status Backup(const std::string&) override {
    return Error{ErrorCode::kUnavailable, "a store in memory can't be copied to a disk"};
  }

  Result<std::vector<std::string>> Check(const std::function<void(uint64_t, uint64_t)>& progress) override {
    return state_.With([&](const MemoryState& state) -> Result<std::vector<std::string>> {
      std::vector<std::string> problems;
      for (uint64_t leaf = 0; leaf < state.events.size(); ++leaf) {
        const NewEvent& event = state.events[leaf];
        if (!event.bytes.empty() && crypto::Sha256(event.bytes) != event.entry.event)
          problems.push_back("the body of entry " + std::to_string(leaf) + " is not the one that was hashed");
      }
      progress(state.events.size(), state.events.size());
      return problems;
    });
  }

 private:
  Guarded<MemoryState> state_;
};

}  // namespace

std::unique_ptr<Store> MakeMemoryStore() { return std::make_unique<MemoryStore>(); }

}  // namespace postern::store
