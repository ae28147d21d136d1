#include "agent/gate/exchange_events.h"

#include <span>
#include <string>
#include <utility>

namespace postern::gate {
namespace {

// Those on offer when the request leaves, and those that were cut out of it.
void AddTools(wire::Intent& intent, const dialect::RequestFacts& request, std::span<const uint32_t> cut) {
  for (uint32_t place = 0; place < request.tools.size(); ++place) {
    const dialect::RequestTool& tool = request.tools[place];
    if (!cut.empty() && cut.front() == place) {
      cut = cut.subspan(1);
      intent.add_removed_tools(tool.name.empty() ? tool.type : tool.name);
    } else if (tool.RunsAtProvider()) {
      intent.add_server_tools(tool.type);
    } else {
      intent.add_tools(tool.name);
    }
  }
}

template <class Record>
void AddProvider(const ExchangeFacts& facts, Record& record) {
  record.set_provider(std::string(facts.provider));
  for (const std::string& tag : facts.residency) record.add_residency(tag);
}

}  // namespace

void FillPrincipal(wire::Principal& record, const identity::Identity& identity) {
  if (identity.key) record.set_key_id(identity.key->value);
  record.set_user(identity.principal.user);
  record.set_team(identity.principal.team);
  record.set_organisation(identity.principal.organisation);
}

std::string SessionOf(const ExchangeFacts& facts) {
  return facts.client.session_id.empty() ? facts.request.session_id : facts.client.session_id;
}

wire::Event IntentEvent(const ExchangeFacts& facts, const Caller& caller, const std::string& upstream,
                        wire::Event blank) {
  const dialect::RequestFacts& request = facts.request;
  wire::Event event = std::move(blank);
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange(facts.id.raw().data(), facts.id.raw().size());
  FillPrincipal(*intent.mutable_principal(), facts.identity);
  caller.Fill(*intent.mutable_os_user());
  intent.set_call(facts.call);
  intent.set_model(request.model);
  intent.set_stream(request.stream);
  intent.set_max_tokens(static_cast<uint64_t>(request.max_tokens.value_or(0)));
  intent.set_body_bytes(facts.body_bytes);
  intent.set_messages(static_cast<uint32_t>(request.message_count));
  AddTools(intent, request, facts.ruling.cut_tools);
  intent.set_policy_version(facts.ruling.policy_version);
  intent.set_rule(facts.ruling.rule);
  intent.set_lowered_max_tokens(static_cast<uint64_t>(facts.ruling.max_tokens));
  intent.set_session(SessionOf(facts));
  intent.set_agent(facts.client.agent_id);
  intent.set_parent_agent(facts.client.parent_agent_id);
  intent.set_user_agent(facts.client.user_agent);
  intent.set_upstream(upstream);
  AddProvider(facts, intent);
  intent.set_peer(caller.peer);
  return event;
}

wire::Event RefusalEvent(const ExchangeFacts& facts, const Caller& caller, const Refusal& refusal) {
  wire::Event event;
  wire::Refusal& record = *event.mutable_refusal();
  record.set_exchange(facts.id.raw().data(), facts.id.raw().size());
  record.set_reason(std::string(Name(refusal.reason)));
  record.set_status(static_cast<uint32_t>(StatusOf(refusal)));
  FillPrincipal(*record.mutable_principal(), facts.identity);
  caller.Fill(*record.mutable_os_user());
  record.set_rule(refusal.rule);
  record.set_policy_version(refusal.policy_version);
  record.set_account(refusal.account);
  if (refusal.resets) record.set_resets(refusal.resets->time_since_epoch().count());
  record.set_model(facts.request.model);
  record.set_call(facts.call);
  record.set_session(facts.client.session_id);
  record.set_user_agent(facts.client.user_agent);
  record.set_peer(caller.peer);
  AddProvider(facts, record);
  return event;
}

wire::Event KeyFirstUsedEvent(const ExchangeFacts& facts, const Caller& caller) {
  wire::Event event;
  wire::KeyFirstUsed& used = *event.mutable_key_first_used();
  used.set_key_id(facts.identity.key->value);
  FillPrincipal(*used.mutable_principal(), facts.identity);
  caller.Fill(*used.mutable_os_user());
  return event;
}

}  // namespace postern::gate
