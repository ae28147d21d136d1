#include "agent/gate/secret_events.h"

namespace postern::gate {

wire::Event SecretFoundEvent(const ExchangeFacts& facts, const Caller& caller,
                             const screening::Found& found) {
  wire::Event event;
  wire::SecretFound& record = *event.mutable_secret_found();
  record.set_exchange(facts.id.raw().data(), facts.id.raw().size());
  record.set_rule(found.rule);
  record.set_action(found.action);
  record.set_part(found.place.part);
  record.set_message(found.place.message);
  record.set_block(found.place.block);
  record.set_tool(found.place.tool);
  record.set_path(found.place.path);
  record.set_fingerprint(found.fingerprint);
  record.set_length(found.length);
  record.set_times(found.times == 1 ? 0 : found.times);
  FillPrincipal(*record.mutable_principal(), facts.identity);
  caller.Fill(*record.mutable_os_user());
  record.set_model(facts.request.model);
  record.set_call(facts.call);
  record.set_session(SessionOf(facts));
  record.set_policy_version(facts.ruling.policy_version);
  record.set_policy_rule(found.policy_rule);
  return event;
}

}  // namespace postern::gate
