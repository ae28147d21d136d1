// What agents say of money on its way to the treasury, and what it says on its way to them.
#include <map>

#include "collector/intake/conversation.h"
#include "shared/limits/wire_form.h"

namespace postern::intake {

// Whoever asks for more than can be worked out for one agent isn't answered: wallets ask again, and give back
// what they were called for with the next recall.
bool Conversation::MaySpeakOfMoney(Session& session, uint64_t incarnation, Allowance& allowance) {
  // It has been given another incarnation and hasn't begun it: what it says is of nothing that counts.
  if (incarnation != session.incarnation) return false;
  if (!allowance.Take(BootClock::now())) {
    Count(shared_.presence.counters.busy);
    return false;
  }
  const auto agent = shared_.agents.Find(session.agent);
  if (agent && agent->is_active()) return true;
  if (agent && session.scoldings.Take(BootClock::now())) Reject(session, "quarantined", agent->record.why());
  return false;
}

void Conversation::OnDemand(Session& session, const wire::Demand& demand) {
  if (!MaySpeakOfMoney(session, demand.incarnation(), session.demands)) return;
  shared_.treasury.Ask({session.agent, session.incarnation}, limits::FromWire(demand));
}

void Conversation::OnReturn(Session& session, const wire::Return& returned) {
  if (!MaySpeakOfMoney(session, returned.incarnation(), session.returns)) return;
  shared_.treasury.GiveBack({session.agent, session.incarnation}, limits::FromWire(returned));
}

void Conversation::DeliverParcels() {
  const auto parcels = shared_.outbox.TakeParcels();
  if (parcels.empty()) return;
  std::map<ledger::Holder, Session*> present;
  for (auto& [peer, session] : sessions_) {
    if (session.greeting == 0) continue;
    Session*& newest = present[{session.agent, session.incarnation}];
    if (newest == nullptr || session.greeting > newest->greeting) newest = &session;
  }
  for (const Outbox::Parcel& parcel : parcels) {
    const auto found = present.find(parcel.to);
    if (found == present.end()) continue;
    if (!parcel.frame.empty()) SendFrame(*found->second, parcel.frame);
    else AskForHello(*found->second, "what this agent says of money isn't known here");
  }
}

}  // namespace postern::intake
