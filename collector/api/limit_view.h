// Limits, and how much of them is spent, as openapi.yaml shows them. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "collector/ledger/ledger.h"
#include "collector/policy/explained.h"
#include "shared/base/clock.h"
#include "shared/json/writer.h"
#include "shared/limits/table.h"
#include "shared/wire/policy.pb.h"

namespace postern::api {

// The percentages that are marked where so much is spent, and at which clients are warned.
inline constexpr int kMarks[] = {75, 95, 100};

// The highest of them that is passed; 0: none.
int MarkOf(Amount spent, Amount amount);

// What one account came to in one window.
struct AccountView {
  ledger::Statement statement;
  bool shows_holders = true;
};

// What was forgiven by a reset taken out of what was spent and of what may be: as if counted anew since then.
ledger::Statement SinceReset(ledger::Statement statement, const limits::Limit& limit, WallTime now);

// Of an account of which the ledger says nothing: nobody has asked anything of it yet.
ledger::Statement UntouchedStatement(const limits::Limit& limit, const limits::Table& table,
                                     const std::string& account, WallTime now);

// Who holds something of a limit, for people.
struct HolderView {
  std::string host;  // what it is called; empty where it isn't known
  // "connected", "away", "quarantined", "revoked"; "earlier": the agent goes on with another incarnation, or
  // with none yet; "unknown": there is no such agent.
  const char* state = "unknown";
};
using ViewOf = std::function<HolderView(const ledger::Holder& holder)>;

// The fields of a limit, into an object that is open.
void WriteFields(const wire::PolicyLimit& limit, const wire::TimeZone& zone, WallTime now, json::Writer& out);
void Write(const AccountView& account, const ViewOf& view_of, json::Writer& out);

// A limit that an exchange meets, with how much of it is spent and left.
void Write(const policies::MetLimit& met, const ledger::Statement* statement, const wire::TimeZone& zone,
           WallTime now, json::Writer& out);

}  // namespace postern::api
