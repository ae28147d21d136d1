#include "tests/end_to_end/kept_money.h"

#include <map>
#include <tuple>

#include "collector/store/rocks_store.h"
#include "collector/treasury/rows.h"
#include "shared/limits/wire_form.h"
#include "shared/wire/event.pb.h"

namespace postern::end_to_end {
namespace {

using Place = std::tuple<ledger::Holder, std::string, limits::Window>;

// What events say of one holding.
struct Charged {
  Amount sum;
  Amount most;  // the largest counter
};

std::string NameOf(const Place& place) {
  const auto& [holder, account, window] = place;
  return holder.agent + "/" + std::to_string(holder.incarnation) + " in " + account;
}

Status ReadCharges(store::Store& store, std::map<Place, Charged>& charged, KeptMoney& money) {
  store::EventFilter filter{.kind = "outcome", .order = store::Order::kOldestFirst};
  std::optional<store::Cursor> cursor;
  do {
    ASSIGN_OR_RETURN(const store::EventPage page, store.Find(filter, cursor, store::Store::kMaxPage));
    for (const store::StoredEvent& stored : page.events) {
      wire::Event event;
      if (!event.ParseFromString(stored.bytes)) return Error{ErrorCode::kCorrupt, "an event can't be read"};
      for (const wire::Charge& wire : event.outcome().charges()) {
        const limits::Charge charge = limits::FromWire(wire);
        Charged& all =
            charged[{{stored.entry.agent, stored.entry.incarnation}, charge.account, charge.window}];
        all.sum += charge.amount;
        all.most = std::max(all.most, charge.used);
        ++money.charges;
      }
    }
    cursor = page.next;
  } while (cursor);
  return Ok{};
}

Status Compare(const std::string& state, KeptMoney& money) {
  ASSIGN_OR_RETURN(const auto store, store::OpenRocksStore({.directory = state + "/store"}));
  ASSIGN_OR_RETURN(const treasury::Rows rows, treasury::ReadRows(*store));
  std::map<Place, Charged> charged;
  RETURN_IF_ERROR(ReadCharges(*store, charged, money));
  money.holdings = rows.holdings.size();
  for (const ledger::HoldingRecord& holding : rows.holdings) {
    const Place place{holding.holder, holding.account, holding.window};
    const Charged all = charged[place];
    charged.erase(place);
    if (holding.counters.used != all.sum)
      money.problems.push_back("the ledger says that " + NameOf(place) + " has spent " +
                               std::to_string(holding.counters.used.units()) + ", its events say " +
                               std::to_string(all.sum.units()));
    if (all.most != all.sum)
      money.problems.push_back("the counter of " + NameOf(place) + " is not the sum of its charges");
    if (holding.counters.used > holding.counters.granted + holding.overspent)
      money.problems.push_back(NameOf(place) + " has spent what it wasn't granted");
  }
  for (const auto& [place, all] : charged)
    money.problems.push_back("the ledger knows nothing of " + NameOf(place));
  return Ok{};
}

}  // namespace

KeptMoney ReadKeptMoney(const std::string& state) {
  KeptMoney money;
  if (const Status read = Compare(state, money); !read) money.problems.push_back(read.error().message);
  return money;
}

}  // namespace postern::end_to_end
